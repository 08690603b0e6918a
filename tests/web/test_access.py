"""Who may see and do what on a service with users."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmsvc.store.accounts_records import Quota, User
from lmsvc.store.records import NewJob
from lmsvc.web.api import OPERATIONS
from tests.web.asking import body, problem
from tests.web.people import HTML, SITE_TOKEN, bearer, browser, guarded_site, person
from tests.web.site import ECHO, Site

ABSENT = "abcdefgh23"
ADAS = NewJob(user="ada", name="ada's secret", document=ECHO, tags=("hers",))
OF_JOBS = [each for each in OPERATIONS if "job_id" in each.variables]


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Site]:
    """Give a web service with users."""
    made = guarded_site(tmp_path)
    yield made
    made.store.close()


def test_everybody_lists_own_jobs_and_an_administrator_all(guarded: Site) -> None:
    """Neither the list, nor its filter by user, nor the counts of the page tell of other people's jobs."""
    mine, hers = guarded.queued(NewJob(user="bob", name="bob's", document=ECHO)), guarded.queued(ADAS)
    bob, root = person(guarded, "bob"), person(guarded, "root", admin=True, scopes=["read", "admin"])
    for query in ("", "?user=ada", "?q=secret", "?tag=hers", f"?q={hers}"):
        ids = [job["id"] for job in body(guarded.client.get(f"/api/v1/jobs{query}", headers=bob))["jobs"]]
        assert ids == ([mine] if query in ("", "?user=ada") else [])
    for headers in (root, bearer(SITE_TOKEN)):
        jobs = body(guarded.client.get("/api/v1/jobs", headers=headers))["jobs"]
        assert [job["id"] for job in jobs] == [hers, mine]
    page = guarded.client.get("/", headers={**bob, **HTML}).get_data(as_text=True)
    assert "bob&#39;s" in page
    assert "secret" not in page
    assert "all <b>1</b>" in page


@pytest.mark.parametrize("operation", OF_JOBS, ids=lambda each: f"{each.method} {each.path}")
def test_a_job_of_others_is_answered_as_one_that_is_not_there(guarded: Site, operation: object) -> None:
    """Each operation on a job says the same of another user's job as of none, and leaves it as it is."""
    job_id = guarded.ended(job=ADAS)
    guarded.output(job_id, "say/text/out.txt", b"secret")
    bob = person(guarded, "bob", scopes=["read", "submit", "admin"])
    told = [_asked(guarded, operation, each, bob) for each in (job_id, ABSENT)]
    assert told[0] == told[1]
    assert told[0][0] == 404
    assert guarded.store.head(job_id) is not None


def _asked(site: Site, operation: object, job_id: str, headers: dict[str, str]) -> tuple[int, str]:
    assert operation in OF_JOBS
    each = OF_JOBS[OF_JOBS.index(operation)]
    others = {name: "say/text/out.txt" if name == "path" else "say" for name in each.variables}
    path = each.path.format(**{**others, "job_id": job_id})
    response = site.client.open(path, method=each.method, headers=headers, data=b"{}", content_type="application/json")
    told = response.get_json(force=True)
    return response.status_code, told["detail"].replace(job_id, "JOB")


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [(["read"], (200, 403, 403)), (["submit"], (403, 415, 403)), (["read", "submit", "admin"], (200, 415, 403))],
)
def test_a_token_is_good_for_its_scopes_only(guarded: Site, scopes: list[str], expected: tuple[int, ...]) -> None:
    """Looking needs `read`, submitting `submit`, and `admin` makes no administrator of one who is none."""
    headers, client = person(guarded, "ada", scopes=scopes), guarded.client
    answers = [
        client.get("/api/v1/jobs", headers=headers),
        client.post("/api/v1/jobs", headers=headers),
        client.get("/api/v1/users", headers=headers),
    ]
    assert tuple(answer.status_code for answer in answers) == expected
    for answer in answers:
        if answer.status_code == 403:
            problem(answer, 403, "forbidden")


def test_an_administrator_acts_as_one_only_with_the_scope(guarded: Site) -> None:
    """A token without `admin` shows an administrator no more than anybody."""
    job_id = guarded.queued(ADAS)
    assert guarded.client.get(f"/api/v1/jobs/{job_id}", headers=person(guarded, "root", admin=True)).status_code == 404
    every = person(guarded, "root", scopes=["read", "admin"])
    assert guarded.client.get(f"/api/v1/jobs/{job_id}", headers=every).status_code == 200


def test_a_token_ends(guarded: Site) -> None:
    """Expired tokens, revoked ones, and those of a disabled user get 401."""
    expired = person(guarded, "ada", days=1e-9)
    revoked, disabled = person(guarded, "bob"), person(guarded, "eve")
    time.sleep(0.01)
    assert guarded.client.get("/api/v1/me", headers=revoked).status_code == 200
    assert guarded.store.revoke_token(guarded.store.tokens("bob")[0].id)
    eve = guarded.store.user("eve")
    assert eve is not None
    guarded.store.change_user(User(**vars(eve) | {"disabled": True}))
    for headers in (expired, revoked, disabled):
        problem(guarded.client.get("/api/v1/me", headers=headers), 401, "unauthorized")


def test_when_a_token_was_used_is_known(guarded: Site) -> None:
    """The list of tokens says when one was used last."""
    headers = person(guarded, "ada")
    assert guarded.store.tokens("ada")[0].last_used is None
    guarded.client.get("/api/v1/me", headers=headers)
    assert (guarded.store.tokens("ada")[0].last_used or 0) == pytest.approx(time.time(), abs=30)


def test_tokens_are_not_in_the_database(guarded: Site) -> None:
    """What the database's files hold opens nothing: neither the text of a token nor that of a session."""
    client = browser(guarded, "ada")
    cookie = client.get_cookie("lmsvc_session")
    token = person(guarded, "ada")["Authorization"].removeprefix("Bearer ")
    assert cookie is not None
    held = b"".join(path.read_bytes() for path in guarded.settings.data_dir.glob("lmsvc.sqlite3*"))
    assert b"ada" in held
    assert token.encode() not in held
    assert cookie.value.encode() not in held


def test_an_upload_is_its_users(guarded: Site) -> None:
    """Others neither see nor use nor delete it; with the same content they have one of their own of the same id."""
    ada, bob, client = person(guarded, "ada"), person(guarded, "bob"), guarded.client
    upload = body(client.put("/api/v1/uploads/a.csv", data=b"x,y\n", headers=ada), 201)["id"]
    document = {"name": "n", "inputs": {"f": {"upload": upload}}, **{key: ECHO[key] for key in ("steps", "outputs")}}
    assert client.get(f"/api/v1/uploads/{upload}", headers=bob).status_code == 404
    assert client.delete(f"/api/v1/uploads/{upload}", headers=bob).status_code == 404
    refused = problem(client.post("/api/v1/jobs", json=document, headers=bob), 422, "invalid-document")
    assert "upload" in refused["detail"]
    own = body(client.put("/api/v1/uploads/b.csv", data=b"x,y\n", headers=bob), 201)
    assert (own["id"], own["name"]) == (upload, "b.csv")
    assert client.delete(f"/api/v1/uploads/{upload}", headers=bob).status_code == 204
    assert body(client.get(f"/api/v1/uploads/{upload}", headers=ada))["name"] == "a.csv"
    assert guarded.paths.upload(own["sha256"]).is_file()
    assert client.delete(f"/api/v1/uploads/{upload}", headers=ada).status_code == 204
    assert not guarded.paths.upload(own["sha256"]).exists()


def test_a_user_has_so_many_jobs_at_a_time(guarded: Site) -> None:
    """Beyond the quota a job is refused with 429 until one is over; others are not concerned."""
    ada, bob = person(guarded, "ada", quota=Quota(jobs=1)), person(guarded, "bob")
    first = body(guarded.client.post("/api/v1/jobs", json=ECHO, headers=ada), 202)["id"]
    refused = guarded.client.post("/api/v1/jobs", json=ECHO, headers=ada)
    problem(refused, 429, "quota-exceeded")
    assert int(refused.headers["Retry-After"]) > 0
    assert guarded.client.post("/api/v1/jobs", json=ECHO, headers=bob).status_code == 202
    guarded.client.post(f"/api/v1/jobs/{first}/cancel", headers=ada)
    body(guarded.client.post("/api/v1/jobs", json=ECHO, headers=ada), 202)
    problem(guarded.client.post(f"/api/v1/jobs/{first}/retry", headers=ada), 429, "quota-exceeded")


def test_a_job_has_so_many_tasks(guarded: Site) -> None:
    """A job of more tasks than its user may have is refused before it is stored."""
    steps = {name: {"run": "echo_text", "in": {"text": {"value": name}}} for name in ("a", "b", "c")}
    document = {"name": "n", "steps": steps, "outputs": ["a/text"]}
    ada = person(guarded, "ada", quota=Quota(tasks=2))
    told = problem(guarded.client.post("/api/v1/jobs", json=document, headers=ada), 403, "quota-exceeded")
    assert "3 tasks" in told["detail"]
    bob = person(guarded, "bob", quota=Quota(tasks=3))
    assert guarded.client.post("/api/v1/jobs", json=document, headers=bob).status_code == 202


def test_a_user_has_so_many_bytes(guarded: Site) -> None:
    """Uploads and packages count together, other people's do not, and what is deleted no longer counts."""
    ada, client = person(guarded, "ada", quota=Quota(bytes=100)), guarded.client
    job_id = guarded.ended(job=ADAS)
    guarded.store.set_package_bytes(job_id, 60)
    client.put("/api/v1/uploads/big", data=b"b" * 500, headers=person(guarded, "bob"))
    body(client.put("/api/v1/uploads/a", data=b"a" * 40, headers=ada), 201)
    used = body(client.get("/api/v1/me", headers=ada))["used"]
    assert (used["jobs"], used["bytes"]) == (0, 100)
    problem(client.put("/api/v1/uploads/c", data=b"c", headers=ada), 403, "quota-exceeded")
    assert client.delete(f"/api/v1/jobs/{job_id}", headers=ada).status_code == 204
    body(client.put("/api/v1/uploads/c", data=b"c", headers=ada), 201)


def test_on_one_machine_there_is_one_user_who_may_everything(site: Site) -> None:
    """Without a token file nobody is asked, and who is there is the administrator `local` without a bound."""
    me = body(site.client.get("/api/v1/me"))
    assert (me["user"], me["admin"], me["scopes"]) == ("local", True, ["read", "submit", "admin"])
    assert me["quota"] == {"jobs": 0, "tasks": 0, "bytes": 0, "days_kept": 0}
    assert site.client.get("/api/v1/users").status_code == 200
    assert "Sign out" not in site.client.get("/").get_data(as_text=True)


def test_what_users_call_themselves_stays_text(guarded: Site) -> None:
    """A token's name with markup in it is shown as it was written."""
    client = browser(guarded, "ada")
    page = client.get("/account").get_data(as_text=True)
    found = page.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"name": "<script>x</script>", "scope": ["read"], "days": "", "csrf_token": found}
    shown = client.post("/account/tokens", data=fields).get_data(as_text=True)
    assert "&lt;script&gt;x&lt;/script&gt;" in shown
    assert "<script>x" not in shown


def test_a_form_with_a_file_carries_its_token(guarded: Site) -> None:
    """A form that sends files is protected as others are."""
    client = browser(guarded, "ada")
    fields = {"file": (io.BytesIO(b"x"), "x.csv")}
    problem(client.post("/account/tokens", data=fields), 403, "stale-form")
