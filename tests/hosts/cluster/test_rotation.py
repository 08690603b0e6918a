"""Secrets that are made anew while a job runs."""

import hashlib
import ssl
from contextlib import closing
from pathlib import Path

import pytest

from lmsvc.client import ApiError
from tests.hosts.cluster.running import running_job
from tests.hosts.site import Site

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]

SECRET = "podman secret inspect --showsecret -f '{{.SecretData}}' "


def digests(site: Site, secret: str) -> dict[str, str]:
    """Return by host a digest of a secret, of those hosts that have it."""
    found = {name: site.host(name).run(SECRET + secret) for name in site.lines}
    return {name: hashlib.sha256(run.stdout.encode()).hexdigest() for name, run in found.items() if run.rc == 0}


def rotate(site: Site, secret: str) -> None:
    """Run the playbook for one secret."""
    assert site.playbook("rotate", "-e", f"secret={secret}").returncode == 0


@pytest.mark.parametrize(
    ("secret", "stored"), [("pool-sdm", "lmsvc-pool-sdm"), ("database", "lmsvc-database-password")]
)
def test_password_changes_under_a_running_job(site: Site, tmp_path: Path, secret: str, stored: str) -> None:
    """Each host that has the password gets the new one, the same everywhere, and the job succeeds with every item."""
    before = digests(site, stored)
    with running_job(site, tmp_path, 5.0, pool="sdm"):
        rotate(site, secret)
    after = digests(site, stored)
    assert after.keys() == before.keys()
    assert len(set(after.values())) == 1
    assert set(after.values()).isdisjoint(before.values())


def test_previous_pool_password_is_kept(site: Site) -> None:
    """After a change slots know the password before it too, and the playbook can be run again."""
    before = digests(site, "lmsvc-pool-occurrences")
    rotate(site, "pool-occurrences")
    assert digests(site, "lmsvc-pool-occurrences-previous") == before
    assert site.healthy_within(60)


def test_new_token_replaces_the_old(site: Site, tmp_path: Path) -> None:
    """After the change the old token is refused and the new one taken; a running job does not notice."""
    old = site.token()
    with running_job(site, tmp_path, 3.0):
        rotate(site, "api-token")
    assert site.token() != old
    with closing(site.client(old)) as client, pytest.raises(ApiError) as refused:
        client.pools()
    assert refused.value.status == 401


def test_new_certificate_of_the_same_authority(site: Site, tmp_path: Path) -> None:
    """The server shows another certificate of the same authority; a running job does not notice."""
    address = (site.address("alpha"), 443)
    authority = (site.inventory / "cache" / "ca.crt").read_text()
    old = ssl.get_server_certificate(address)
    with running_job(site, tmp_path, 3.0):
        rotate(site, "tls")
    assert ssl.get_server_certificate(address, ca_certs=str(site.inventory / "cache" / "ca.crt")) != old
    assert (site.inventory / "cache" / "ca.crt").read_text() == authority
