"""Users of a service in tests: their tokens, and the forms of their browsers."""

import re
import time
from pathlib import Path
from typing import TypedDict, Unpack

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lmsvc.store import Store
from lmsvc.store.accounts_records import Quota, User
from lmsvc.store.accounts_secrets import issue
from tests.web.site import Site

SITE_TOKEN = "a-token-of-the-tests-0123456789"
HTML = {"Accept": "text/html"}


class Facts(TypedDict, total=False):
    """What a user and a token are like, where not as usual."""

    admin: bool
    scopes: list[str]
    days: float
    quota: Quota


def guarded_site(root: Path, **changes: object) -> Site:
    """Make a web service that asks who is there; its own token is `SITE_TOKEN`."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "token").write_text(SITE_TOKEN)
    return Site.make(root / "data", token_file=root / "token", **changes)


def bearer(token: str) -> dict[str, str]:
    """Return the header that programs send."""
    return {"Authorization": f"Bearer {token}"}


def token_of(
    store: Store,
    name: str,
    **facts: Unpack[Facts],
) -> str:
    """Return a new token of a user, who is added where there is none of this name."""
    store.add_user(User(name, facts.get("admin", False), quota=facts.get("quota", Quota()), created=time.time()))
    made = issue(store, name, time.time(), scopes=facts.get("scopes", ["read", "submit"]), days=facts.get("days"))
    assert made is not None
    return made[1]


def person(site: Site, name: str, **facts: Unpack[Facts]) -> dict[str, str]:
    """Return the header of a user's programs; `facts` as in `token_of`."""
    return bearer(token_of(site.store, name, **facts))


def form_token(client: FlaskClient, path: str = "/sign-in") -> str:
    """Return the token of the forms on a page."""
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get(path).get_data(as_text=True))
    assert found is not None, f"{path} has no form"
    return found[1]


def sign_in(client: FlaskClient, token: str, address: str = "/") -> TestResponse:
    """Fill in the page to sign in."""
    fields = {"token": token, "next": address, "csrf_token": form_token(client)}
    return client.post("/sign-in", data=fields, headers=HTML)


def browser(site: Site, name: str, **facts: Unpack[Facts]) -> FlaskClient:
    """Return a browser in which a user has signed in; `facts` as in `token_of`."""
    client = site.client
    assert sign_in(client, token_of(site.store, name, **facts)).status_code == 303
    return client
