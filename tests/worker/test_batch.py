"""The words with which a pool's jobs are submitted."""

import fcntl
import json
import subprocess
from pathlib import Path

import pytest

from lmsvc.cctools.factory import Batch, batch_command, write_bounds, write_launcher
from lmsvc.worker.batch import clients_environment, main, projects
from lmsvc.worker.files import PoolFiles


def test_a_factory_serves_one_pool_only(tmp_path: Path) -> None:
    """The factory compares whole names: another pool's that begins alike is not meant."""
    write_bounds(tmp_path / "bounds.json", projects("sdm"), 1, 5)
    told = json.loads((tmp_path / "bounds.json").read_text())
    assert told["manager-name"] == told["master-name"] == "^lm-sdm-.*"
    assert (told["min-workers"], told["max-workers"], told["tasks-per-worker"]) == (1, 5, 1)


def test_a_batch_factory_gets_the_sites_words(tmp_path: Path) -> None:
    """Partition and account reach the submit command, and the job's command keeps its spaces."""
    batch = Batch("slurm", "--mem=700M --partition=long", 2)
    words = batch_command("/bin/factory", batch, "10.99.1.10:9097", tmp_path / "b.json", Path("/a b/job"))
    assert {"--batch-type=slurm", "--batch-options=--mem=700M --partition=long", "--cores=2"} <= set(words)
    assert "--wrapper='/a b/job'" in words


def test_a_launcher_passes_on_only_what_is_named(tmp_path: Path) -> None:
    """The number of the job gets through, other variables of the batch system do not."""
    write_launcher(tmp_path / "job", ["env"], {"A": "b c", "PATH": "/usr/bin:/bin"}, ["SLURM_JOB_ID"])
    environment = {"SLURM_JOB_ID": "7 8", "SLURM_CONF": "x", "SECRET": "s"}
    answer = subprocess.run([tmp_path / "job"], env=environment, capture_output=True, text=True, check=True)
    assert sorted(answer.stdout.splitlines()) == ["A=b c", "PATH=/usr/bin:/bin", "SLURM_JOB_ID=7 8"]


def test_secrets_do_not_travel_with_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slurm keeps a job's environment: only what its clients need is in it."""
    monkeypatch.setenv("LMSVC_DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("SLURM_CONF", "/etc/slurm/slurm.conf")
    assert clients_environment()["SLURM_CONF"] == "/etc/slurm/slurm.conf"
    assert not [name for name in clients_environment() if name.startswith("LMSVC_")]


def start(directory: Path) -> int:
    """Run the command as a person types it, for a pool whose catalog is away; return its exit code."""
    password = directory / "password"
    password.touch(mode=0o600)
    pool = ["--pool", "sdm", "--catalog", "127.0.0.1:1", "--controllers", "127.0.0.1", "--memory-mb", "1"]
    return main(["--directory", str(directory), "--", *pool, "--disk-mb", "1", "--password-file", str(password)])


def test_a_host_without_slurm_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the programs and says where to run it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert start(tmp_path) == 1
    assert "sbatch, squeue, scancel not on PATH: run this on a host that submits" in capsys.readouterr().err


def test_a_directory_has_one_factory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second start on a directory in use ends at once, so that jobs are not submitted twice."""
    for name in ("sbatch", "squeue", "scancel"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with PoolFiles(tmp_path).lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert start(tmp_path) == 1
    assert f"another agent serves {tmp_path}" in capsys.readouterr().err
