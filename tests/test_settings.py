"""Settings: what the environment says becomes what the service uses."""

from pathlib import Path

import pytest

from lmsvc.settings import PoolSettings, Settings


def test_paths_are_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative path means the same for every process, wherever each of them runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LMSVC_TOKEN_FILE", "token")
    monkeypatch.setenv("LMSVC_PASSWORD_DIR", "passwords")
    settings = Settings()
    assert settings.environment()["LMSVC_TOKEN_FILE"] == str(tmp_path / "token")
    assert settings.password_dir == tmp_path / "passwords"
    assert settings.data_dir == tmp_path / "data"


def test_an_empty_path_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable is as good as none: it names no file and no directory."""
    monkeypatch.setenv("LMSVC_TOKEN_FILE", "")
    monkeypatch.setenv("LMSVC_PASSWORD_DIR", "")
    assert (Settings().token_file, Settings().password_dir) == (None, None)


def test_a_batch_systems_pool_has_no_hosts() -> None:
    """The batch system chooses the nodes; hosts beside it would keep the pool from ever having slots."""
    assert PoolSettings(backend="slurm").hosts is None
    with pytest.raises(ValueError, match="a pool of backend slurm has no hosts"):
        PoolSettings(backend="slurm", hosts=["alpha"])
    with pytest.raises(ValueError, match="a pool of backend slurm has no GPUs"):
        PoolSettings(backend="slurm", gpus=1)
