"""What the role web leaves: https with a certificate of our own authority in front of the web service."""

import pytest
from testinfra.host import Host

from tests.hosts.service import assert_confined, assert_in_target, assert_survives_kill

AUTHORITY = "/etc/lmsvc/tls/ca"
CONTAINERS = ["lmsvc-web", "lmsvc-proxy"]


def ask(host: Host, path: str, name: str = "alpha", options: str = "") -> str:
    """Return the status code of an answer over https, asked for at one of the certificate's names."""
    there = f"--cacert {AUTHORITY}/ca.crt --resolve {name}:8443:10.99.1.14"
    command = f"curl -sS -o /dev/null -w '%{{http_code}}' {there} {options} https://{name}:8443{path}"
    return str(host.check_output(command))


@pytest.mark.parametrize("name", ["alpha", "service.example.org"])
def test_certificate_holds_all_names(host: Host, name: str) -> None:
    """Who trusts the authority reaches the service by the host's name and by each name of the site."""
    assert ask(host, "/healthz", name) == "200"


def test_asks_for_the_token(host: Host) -> None:
    """Nothing but the sign of life is told without the token."""
    assert ask(host, "/api/v1/jobs") == "401"
    token = host.check_output("podman secret inspect --showsecret -f '{{.SecretData}}' lmsvc-api-token").strip()
    assert ask(host, "/api/v1/jobs", options=f"-u any:{token}") == "200"


def test_data_directory_cannot_be_asked_for(host: Host) -> None:
    """The proxy's way to files is closed to clients."""
    host.check_output("touch /var/lib/lmsvc/data/run/probe")
    assert ask(host, "/-/data/run/probe") in ("401", "404")


def test_old_tls_is_refused(host: Host) -> None:
    """The server itself refuses versions of TLS before 1.2, to a client that would still speak them."""
    old = "openssl s_client -tls1_1 -cipher DEFAULT@SECLEVEL=0 -connect 10.99.1.14:8443 </dev/null"
    assert "alert protocol version" in host.run(old).stderr


def test_keys_are_closed(host: Host) -> None:
    """The authority's key is root's alone, and the server's key lies in no file of ours."""
    key = host.file(f"{AUTHORITY}/ca.key")
    assert (key.user, key.mode) == ("root", 0o600)
    assert host.check_output("grep -rl 'PRIVATE KEY' /etc/lmsvc /etc/containers /var/lib/lmsvc") == key.path


@pytest.mark.parametrize("container", CONTAINERS)
def test_containers_may_nothing(host: Host, container: str) -> None:
    """Web service and proxy run without any privilege."""
    assert_confined(host, container)
    assert_in_target(host, container)


@pytest.mark.parametrize("container", CONTAINERS)
def test_comes_back(host: Host, container: str) -> None:
    """A killed web service or proxy is back by itself."""
    assert_survives_kill(host, container)
    assert ask(host, "/healthz") == "200"
