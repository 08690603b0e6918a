"""Two users of a cluster, through https and the proxy: by token, in a browser's way, and with files."""

import re
import secrets
import ssl
from collections.abc import Iterator
from contextlib import closing
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPSHandler, Request, build_opener

import pytest

from lmsvc.client import Client, ClientError
from tests.hosts.site import Site
from tests.service.documents import echo


class Person(NamedTuple):
    """A user with a token and a client."""

    name: str
    token: str
    client: Client


def administer(site: Site, words: str) -> str:
    """Run a command of the service as the how-to says."""
    return str(site.host(site.groups["web"][0]).check_output(f"podman exec lmsvc-web lmsvc {words}")).strip()


@pytest.fixture(scope="module")
def people(site: Site) -> Iterator[tuple[Person, Person]]:
    """Give two users who were added just now; afterwards their tokens are worth nothing."""
    names = [f"test-{secrets.token_hex(4)}" for _ in range(2)]
    for name in names:
        administer(site, f"user add {name}")
    tokens = [administer(site, f"token create {name}").splitlines()[-1].split()[-1] for name in names]
    with closing(site.client(tokens[0])) as one, closing(site.client(tokens[1])) as other:
        yield Person(names[0], tokens[0], one), Person(names[1], tokens[1], other)
    for name in names:
        administer(site, f"user change {name} --disable")
    with closing(site.client(tokens[0])) as late, pytest.raises(ClientError):
        late.me()


def test_a_users_job_is_nobody_elses(site: Site, people: tuple[Person, Person]) -> None:
    """Who submitted a job follows it to its end; another user does not know it, the administrator sees whose it is."""
    own, other = people
    job_id = str(own.client.submit(echo())["id"])
    assert list(own.client.follow(job_id))
    assert own.client.job(job_id)["state"] == "succeeded"
    with pytest.raises(ClientError, match=job_id):
        other.client.job(job_id)
    assert site.job(job_id)["user"] == own.name


def test_a_file_is_stored_once(people: tuple[Person, Person], tmp_path: Path) -> None:
    """A file of 20 MB goes up through the proxy; sent again it is the same upload."""
    path = tmp_path / "noise.bin"
    path.write_bytes(secrets.token_bytes(20_000_000))
    first, again = (people[0].client.upload(path) for _ in range(2))
    assert (first["id"], first["size"]) == (again["id"], 20_000_000)


def test_a_token_signs_in(site: Site, people: tuple[Person, Person]) -> None:
    """The sign-in page takes a token and gives a cookie for https alone; the pages then say who is there."""
    jar = CookieJar()
    trust = ssl.create_default_context(cafile=str(site.inventory / "cache" / "ca.crt"))
    browser = build_opener(HTTPSHandler(context=trust), HTTPCookieProcessor(jar))
    url = f"https://{site.address(site.groups['web'][0])}"
    form = browser.open(f"{url}/sign-in").read().decode()
    seal = re.search(r'name="csrf_token" value="([0-9a-f]+)"', form)
    assert seal
    fields = urlencode({"token": people[0].token, "next": "/pools", "csrf_token": seal[1]}).encode()
    page = browser.open(Request(f"{url}/sign-in", fields, {"Origin": url}))
    assert page.url == f"{url}/pools"
    assert people[0].name in page.read().decode()
    assert [cookie.secure for cookie in jar] == [True] * len(jar)
