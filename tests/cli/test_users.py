"""Commands that say who may use a service, on its own host."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lmsvc.cli.exits import Exit
from lmsvc.store import Store, open_store
from lmsvc.store.accounts_records import Quota
from lmsvc.store.accounts_secrets import hash_of
from tests.cli.conftest import Ran, run


@pytest.fixture
def own(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator["Own"]:
    """Give commands that open a database of their own."""
    monkeypatch.setenv("LMSVC_DATA_DIR", str(tmp_path / "data"))
    with closing(open_store(f"sqlite:///{tmp_path}/data/lmsvc.sqlite3")) as store:
        yield Own(store, capsys)


class Own:
    """Runs commands in the environment of a service, and opens its store."""

    def __init__(self, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
        """Keep both."""
        self.store, self._capsys = store, capsys

    def __call__(self, *words: str) -> Ran:
        """Run a command."""
        return run(self._capsys, *words)


def test_a_token_that_was_made_is_good_and_printed_alone(own: Own) -> None:
    """Standard output has the token and nothing else, so that a script can keep it; the store has its hash."""
    assert own("user", "add", "ada").code == 0
    made = own("token", "create", "ada", "--name", "notebook", "--days", "2")
    assert made.code == 0
    assert re.fullmatch(r"lmsvc_[\w-]{43}\n", made.out)
    assert made.out.strip() not in made.err
    found = own.store.bearer(hash_of(made.out.strip()), time.time())
    assert found is not None
    assert (found.token.user, found.token.scopes, found.user.admin) == ("ada", ("read", "submit"), False)
    assert own.store.bearer(hash_of(made.out.strip()), time.time() + 2 * 86_401) is None


def test_tokens_are_listed_and_revoked(own: Own) -> None:
    """The list has everything but the text; a revoked token is gone."""
    own("user", "add", "ada")
    made = json.loads(own("token", "create", "ada", "--scope", "read", "--days", "0", "--json").out)
    (listed,) = json.loads(own("token", "list", "--json").out)
    assert listed == {name: value for name, value in made.items() if name != "token"}
    assert (listed["scopes"], listed["expires"]) == (["read"], None)
    assert made["id"] in own("token", "list", "ada").out
    assert own("token", "revoke", made["id"]).code == 0
    assert own("token", "revoke", made["id"]).code != 0
    assert json.loads(own("token", "list", "--json").out) == []


def test_a_user_is_changed_in_what_is_named(own: Own) -> None:
    """What a change does not name stays; `site` and an empty address give back what was there without."""
    own("user", "add", "ada", "--email", "ada@lab.example", "--jobs", "3", "--bytes", "0")
    own("user", "change", "ada", "--admin", "--days-kept", "9", "--jobs", "site")
    ada = own.store.user("ada")
    assert ada is not None
    assert (ada.admin, ada.disabled, ada.email) == (True, False, "ada@lab.example")
    assert ada.quota == Quota(bytes=0, days_kept=9)
    own("user", "change", "ada", "--disable", "--email", "")
    (listed,) = json.loads(own("user", "list", "--json").out)
    assert (listed["admin"], listed["disabled"], listed["email"]) == (True, True, None)
    assert listed["quota"] == {"jobs": None, "tasks": None, "bytes": 0, "days_kept": 9}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("token", "create", "nobody"), Exit.NOT_FOUND, "lmsvc user add nobody"),
        (("token", "revoke", "abcdefgh"), Exit.NOT_FOUND, "lmsvc token list"),
        (("user", "change", "nobody", "--admin"), Exit.NOT_FOUND, "lmsvc user list"),
        (("user", "add", "a b"), Exit.USAGE, "letters, digits"),
        (("user", "add", "../x"), Exit.USAGE, "letters, digits"),
        (("user", "add", "bob", "--jobs", "-3"), Exit.USAGE, "give a number"),
        (("user", "add", "ada"), Exit.REFUSED, "lmsvc user change ada"),
        (("token", "create", "ada", "--scope", "everything"), Exit.USAGE, "everything"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_can(own: Own, words: tuple[str, ...], code: Exit, told: str) -> None:
    """The command ends with a code for scripts and an error that names the next step, and changes nothing."""
    own("user", "add", "ada")
    ran = own(*words)
    assert ran.code == code
    assert told in ran.err
    assert [user.name for user in own.store.users()] == ["ada"]
    assert own.store.tokens() == ()
