"""The key behind the signing secrets: the service's own, or one that is given to it."""

from pathlib import Path

import pytest

from lmsvc.notices.secrets import key_of
from lmsvc.settings import Settings

KEY = "0123456789abcdef" * 3


def test_a_key_that_is_given_is_used_and_no_other_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As containers get it: the file beside the other settings of notices, both from the environment."""
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("LMSVC_NOTICES", '{"webhooks": true, "mail": {"server": "a", "sender": "b@c", "user": "d"}}')
    monkeypatch.setenv("LMSVC_NOTICES__KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("LMSVC_NOTICES__MAIL__PASSWORD_FILE", str(tmp_path / "password"))
    settings = Settings(data_dir=tmp_path)
    assert key_of(settings) == KEY.encode()
    assert list((tmp_path).glob("run/*")) == []
    assert settings.notices.channels == {"webhook", "email"}
    assert (settings.notices.mail.user, settings.notices.mail.password_file) == ("d", tmp_path / "password")


def test_the_services_own_key_is_its_own_alone(tmp_path: Path) -> None:
    """Without one it is made once, and only its user can read it."""
    (tmp_path / "run").mkdir()
    settings = Settings(data_dir=tmp_path)
    assert key_of(settings) == key_of(settings)
    assert (tmp_path / "run" / "notices.key").stat().st_mode & 0o777 == 0o600


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    """An empty file would sign everybody's messages with nothing."""
    (tmp_path / "key").write_text("short\n")
    with pytest.raises(ValueError, match="can be guessed"):
        key_of(Settings.model_validate({"data_dir": tmp_path, "notices": {"key_file": tmp_path / "key"}}))
