"""``lmsvc logs`` and ``lmsvc download`` against a real web service."""

from pathlib import Path

from tests.cli.conftest import Commands


def test_logs_of_one_item_come_as_the_tool_wrote_them(lmsvc: Commands) -> None:
    """One stream of one item is printed without anything added."""
    job_id = lmsvc.site.ended()
    lmsvc.site.bundle(job_id, "say.1.0000", {0: ("out 0\n", "err 0\n"), 1: ("out 1\n", "")})
    assert lmsvc("logs", job_id, "say", "--item", "0", "--stderr").out == "err 0\n"
    assert "out 1" in lmsvc("logs", job_id).out


def test_logs_of_an_item_need_its_step(lmsvc: Commands) -> None:
    """An item's number means nothing without a step: a usage error."""
    assert lmsvc("logs", "abcdefgh23", "--item", "0").code == 2


def test_a_package_is_downloaded_whole_and_never_over_a_file(lmsvc: Commands, tmp_path: Path) -> None:
    """The default name is the job's id; a second download refuses until --force says otherwise."""
    job_id = lmsvc.site.ended()
    lmsvc.site.package(job_id, b"z" * 1_000_000)
    assert lmsvc("download", job_id).code == 0
    assert (tmp_path / f"{job_id}.zip").read_bytes() == b"z" * 1_000_000
    assert lmsvc("download", job_id).code == 2
    assert lmsvc("download", job_id, "--force").code == 0
    assert [path.name for path in tmp_path.iterdir()] == [f"{job_id}.zip"]


def test_one_output_is_downloaded_into_a_directory(lmsvc: Commands, tmp_path: Path) -> None:
    """A single file is fetched by its path below outputs, whatever its name holds."""
    job_id = lmsvc.site.ended()
    lmsvc.site.output(job_id, "say/text/a b#ü.txt", b"hello")
    (tmp_path / "there").mkdir()
    assert lmsvc("download", job_id, "say/text/a b#ü.txt", "-o", "there").code == 0
    assert (tmp_path / "there" / "a b#ü.txt").read_bytes() == b"hello"


def test_what_is_not_there_exits_4_and_leaves_no_file(lmsvc: Commands, tmp_path: Path) -> None:
    """An unknown job, a job without package and an unknown output are all exit 4."""
    job_id = lmsvc.site.queued()
    codes = [
        lmsvc("download", "aaaaaaaaaa").code,
        lmsvc("download", job_id).code,
        lmsvc("download", job_id, "say/text/no.txt").code,
        lmsvc("status", "aaaaaaaaaa").code,
    ]
    assert codes == [4, 4, 4, 4]
    assert list(tmp_path.iterdir()) == []
