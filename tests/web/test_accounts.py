"""Users and tokens over the API, and the page of one's own account."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.asking import body, problem
from tests.web.people import SITE_TOKEN, bearer, browser, form_token, guarded_site, person
from tests.web.site import Site

ROOT = bearer(SITE_TOKEN)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Site]:
    """Give a web service with users."""
    made = guarded_site(tmp_path)
    yield made
    made.store.close()


def test_an_administrator_makes_and_changes_users(guarded: Site) -> None:
    """What a change does not name stays as it is; null gives a bound back to the site."""
    client, path = guarded.client, "/api/v1/users/ada"
    made = body(
        client.put(path, json={"email": "ada@lab.example", "quota": {"jobs": 3, "bytes": 9}}, headers=ROOT), 201
    )
    assert (made["name"], made["admin"], made["email"]) == ("ada", False, "ada@lab.example")
    changed = body(client.put(path, json={"admin": True, "quota": {"jobs": None, "days_kept": 0}}, headers=ROOT))
    assert (changed["admin"], changed["email"]) == (True, "ada@lab.example")
    assert changed["quota"] == {"jobs": None, "tasks": None, "bytes": 9, "days_kept": 0}
    assert body(client.get(path, headers=ROOT)) == changed
    assert body(client.get("/api/v1/users", headers=ROOT))["users"] == [changed]
    assert client.get("/api/v1/users/bob", headers=ROOT).status_code == 404


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"quota": {"jobs": -1}}, "/quota/jobs"),
        ({"admin": "perhaps"}, "/admin"),
        ({"colour": "red"}, "/colour"),
        ({"email": "no address"}, "/email"),
    ],
)
def test_every_fault_of_a_body_is_named(guarded: Site, sent: dict[str, object], pointer: str) -> None:
    """What a body cannot be is said with a pointer to it, and no user is made."""
    told = problem(guarded.client.put("/api/v1/users/ada", json=sent, headers=ROOT), 422, "invalid-body")
    assert [fault["pointer"] for fault in told["errors"]] == [pointer]
    assert guarded.store.users() == ()


def test_everybody_has_own_tokens(guarded: Site) -> None:
    """A user makes, lists and revokes tokens of his own, and knows nothing of those of others."""
    ada, bob, client = person(guarded, "ada"), person(guarded, "bob"), guarded.client
    made = body(client.post("/api/v1/users/ada/tokens", json={"name": "notebook", "days": 9}, headers=ada), 201)
    assert client.get("/api/v1/me", headers=bearer(made["token"])).status_code == 200
    listed = body(client.get("/api/v1/users/ada/tokens", headers=ada))["tokens"]
    assert [token["name"] for token in listed] == ["notebook", ""]
    assert "token" not in listed[0]
    path = f"/api/v1/users/ada/tokens/{made['id']}"
    for answer in (
        client.get("/api/v1/users/ada/tokens", headers=bob),
        client.post("/api/v1/users/ada/tokens", json={}, headers=bob),
        client.delete(path, headers=bob),
        client.delete(path.replace("ada", "bob"), headers=bob),
    ):
        problem(answer, 404, "not-found")
    assert client.delete(path, headers=ada).status_code == 204
    assert client.get("/api/v1/me", headers=bearer(made["token"])).status_code == 401


def test_a_token_makes_none_that_is_better(guarded: Site) -> None:
    """It gives away no scope it has not and no time it has not, unless it is an administrator's."""
    client = guarded.client
    reader, passing = person(guarded, "ada", scopes=["read"]), person(guarded, "ada", days=2.0)
    asked = {"scopes": ["read", "submit"]}
    problem(client.post("/api/v1/users/ada/tokens", json=asked, headers=reader), 403, "forbidden")
    made = body(client.post("/api/v1/users/ada/tokens", json={"days": 30}, headers=passing), 201)
    mine = next(token for token in guarded.store.tokens("ada") if token.id == made["id"])
    assert (mine.expires or 0) - mine.created < 2 * 86_400
    assert body(client.post("/api/v1/users/ada/tokens", json={"days": 30}, headers=ROOT), 201)["expires"]
    problem(client.post("/api/v1/users/nobody/tokens", json={}, headers=ROOT), 404, "not-found")


def test_the_page_makes_and_revokes_tokens(guarded: Site) -> None:
    """A token is shown when it was made and never again; a button makes it worthless."""
    client = browser(guarded, "ada")
    fields = {"name": "notebook", "scope": ["read"], "days": "3", "csrf_token": form_token(client, "/account")}
    found = re.search(r"lmsvc_[\w-]{43}", client.post("/account/tokens", data=fields).get_data(as_text=True))
    assert found is not None
    assert body(guarded.client.get("/api/v1/me", headers=bearer(found[0])))["scopes"] == ["read"]
    page = client.get("/account").get_data(as_text=True)
    assert found[0] not in page
    assert "notebook" in page
    token = next(each.id for each in guarded.store.tokens("ada") if each.name == "notebook")
    client.post(f"/account/tokens/{token}/revoke", data={"csrf_token": form_token(client, "/account")})
    assert guarded.client.get("/api/v1/me", headers=bearer(found[0])).status_code == 401


def test_the_page_says_what_is_wrong_with_a_form(guarded: Site) -> None:
    """A form that cannot be meant so is refused, and makes no token."""
    client = browser(guarded, "ada")
    faulty: list[dict[str, object]] = [{"scope": []}, {"scope": ["everything"]}, {"scope": ["read"], "days": "-1"}]
    for wrong in faulty:
        fields = {"csrf_token": form_token(client, "/account"), **wrong}
        problem(client.post("/account/tokens", data=fields), 422, "invalid-body")
    assert len(guarded.store.tokens("ada")) == 1
