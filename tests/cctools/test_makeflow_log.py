"""Reading a makeflow's log while it is written."""

from pathlib import Path

from lmsvc.cctools.makeflow_log import LogTail, MakeflowLog, RuleState, parse_rule_change

STARTED = "# STARTED 1795241494753731\n"


def write(path: Path, text: str) -> None:
    """Append to a log."""
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    """A line is read once it is complete, and only once."""
    tail = LogTail(tmp_path / "log")
    assert tail.lines() == []
    write(tmp_path / "log", "one\ntw")
    assert tail.lines() == ["one"]
    write(tmp_path / "log", "o\n")
    assert tail.lines() == ["two"]
    assert tail.lines() == []


def test_comments_and_damage_are_passed_over() -> None:
    """Only a whole state line is a change."""
    assert parse_rule_change("# FILE 1 a.txt 1 0") is None
    assert parse_rule_change("17 0 1") is None
    assert parse_rule_change("x 0 1 1 2 1 0 0 0 y") is not None
    assert parse_rule_change("1 0 9 1 2 1 0 0 0 3") is None


def test_states_follow_the_log(tmp_path: Path) -> None:
    """A rule is submitted, then complete or failed, and a retry makes it submitted again."""
    log = MakeflowLog(tmp_path)
    write(tmp_path / "makeflow.log", STARTED + "1 0 1 1 2 1 0 0 0 3\n2 1 1 2 1 2 0 0 0 3\n")
    assert [change.rule for change in log.update()] == [0, 1]
    assert log.submitted() == 2
    write(tmp_path / "makeflow.log", "3 0 2 1 1 1 1 0 0 3\n4 1 3 2 1 0 1 1 0 3\n")
    log.update()
    assert log.states == {0: RuleState.COMPLETE, 1: RuleState.FAILED}
    assert log.failed() == [1]
    write(tmp_path / "makeflow.log", "5 1 1 3 1 1 1 0 0 3\n")
    log.update()
    assert log.failed() == []


def test_running_is_what_is_on_a_worker(tmp_path: Path) -> None:
    """The transactions log tells which submitted tasks a worker has; a new manager starts with none."""
    log = MakeflowLog(tmp_path)
    write(tmp_path / "makeflow.log", "1 0 1 1 2 1 0 0 0 3\n2 1 1 2 1 2 0 0 0 3\n")
    write(
        tmp_path / "wq.log.tr",
        "1 77 MANAGER START\n2 77 TASK 1 WAITING sdm F {}\n3 77 TASK 1 RUNNING 127.0.0.1:1 F {}\n",
    )
    log.update()
    assert log.running == {0}
    write(tmp_path / "wq.log.tr", "4 77 TASK 1 WAITING_RETRIEVAL 127.0.0.1:1\n5 77 TASK 2 RUNNING 127.0.0.1:1 F {}\n")
    log.update()
    assert log.running == {1}
    write(tmp_path / "wq.log.tr", "6 78 MANAGER START\n")
    log.update()
    assert log.running == set()


def test_waiting_tells_since_when(tmp_path: Path) -> None:
    """A submitted task waits from then on until a worker has it, and anew where it lost one; the oldest is first."""
    log = MakeflowLog(tmp_path)
    write(tmp_path / "makeflow.log", "1000000 0 1 1 2 1 0 0 0 3\n2000000 1 1 2 1 2 0 0 0 3\n")
    write(tmp_path / "wq.log.tr", "1000001 77 TASK 1 WAITING sdm F {}\n")
    log.update()
    assert list(log.waiting.items()) == [(0, 1.0), (1, 2.0)]
    write(tmp_path / "wq.log.tr", "3000000 77 TASK 1 RUNNING 127.0.0.1:1 F {}\n")
    log.update()
    assert log.waiting == {1: 2.0}
    write(tmp_path / "wq.log.tr", "4000000 77 TASK 1 WAITING WORKER_DISCONNECT F {}\n")
    log.update()
    assert (list(log.waiting.items()), log.running) == ([(1, 2.0), (0, 4.0)], set())
    write(tmp_path / "makeflow.log", "5000000 1 2 2 1 1 1 0 0 3\n")
    log.update()
    assert log.waiting == {0: 4.0}
