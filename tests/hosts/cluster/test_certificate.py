"""The site's own certificate instead of one of our authority, and back."""

import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.hosts.cluster.running import restarted, runs
from tests.hosts.site import Site

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]


def openssl(directory: Path, *words: str) -> None:
    """Run openssl in a directory."""
    subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)


def organisation(directory: Path, address: str) -> dict[str, str]:
    """Make an organisation's authority and a certificate of it for an address; return the settings that name it."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    openssl(directory, "req", "-x509", *key, "-subj", "/CN=organisation", "-keyout", "ca.key", "-out", "ca.crt")
    signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-addext", f"subjectAltName=IP:{address}")
    openssl(directory, "req", "-x509", *key, *signed, "-subj", "/CN=site", "-keyout", "site.key", "-out", "site.crt")
    chain = directory / "site.crt"
    chain.write_text(chain.read_text() + (directory / "ca.crt").read_text())
    return {"site_certificate": str(chain), "site_certificate_key": str(directory / "site.key")}


def answers(site: Site, authority: Path) -> bool:
    """Return whether the proxy's certificate is of this authority."""
    url = f"https://{site.address(site.groups['web'][0])}/healthz"
    context = ssl.create_default_context(cafile=str(authority))
    try:
        return httpx.get(url, verify=context, trust_env=False).status_code == 200
    except httpx.ConnectError as error:
        assert "CERTIFICATE_VERIFY_FAILED" in str(error), error
        return False


def test_certificate_of_the_organisation(site: Site, tmp_path: Path) -> None:
    """With the organisation's certificate only the proxy restarts and all stays healthy; then ours comes back."""
    own, theirs = site.inventory / "cache" / "ca.crt", tmp_path / "ca.crt"
    proxy = {f"{site.groups['web'][0]} lmsvc-proxy.service"}
    before = runs(site)
    try:
        with site.setting(**organisation(tmp_path, site.address(site.groups["web"][0]))):
            assert site.playbook("site", "--tags", "web").returncode == 0
            assert (answers(site, theirs), answers(site, own)) == (True, False)
            assert restarted(before, runs(site)) == proxy
            assert site.healthy_within(60)
    finally:
        assert site.playbook("site", "--tags", "web").returncode == 0
    assert (answers(site, theirs), answers(site, own)) == (False, True)
