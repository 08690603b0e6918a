"""What the role secrets leaves: alpha keeps all, beta has what it uses."""

import json
import re

from testinfra.host import Host

POOL = ("lmsvc-pool-sdm", "lmsvc-pool-sdm-previous")
ALL = {"lmsvc-api-token", "lmsvc-database-password", "lmsvc-database-pgpass", *POOL}


def values(host: Host) -> dict[str, str]:
    """Return the secrets of a host by name."""
    shown = host.check_output("podman secret ls --quiet | xargs podman secret inspect --showsecret")
    return {secret["Spec"]["Name"]: secret["SecretData"] for secret in json.loads(shown)}


def test_who_has_what(hosts: dict[str, Host]) -> None:
    """The keeper has every secret that a host uses; another host has its own and no more."""
    assert set(values(hosts["alpha"])) == ALL
    assert set(values(hosts["beta"])) == ALL - {"lmsvc-database-password"}


def test_hosts_agree(hosts: dict[str, Host]) -> None:
    """Hosts that share a secret have the same value."""
    kept = values(hosts["alpha"])
    assert all(kept[name] == value for name, value in values(hosts["beta"]).items())


def test_values_are_random(hosts: dict[str, Host]) -> None:
    """No secret is like another, and each has 192 random bits."""
    secrets = [value.rpartition(":")[2] for value in values(hosts["alpha"]).values()]
    assert len(set(secrets)) == len(ALL)
    assert all(re.fullmatch("[0-9a-f]{48}", secret) for secret in secrets)


def test_password_file(host: Host) -> None:
    """The database's secret is a line that PostgreSQL's clients read."""
    assert re.fullmatch(r"\*:\*:\*:lmsvc:[0-9a-f]{48}", values(host)["lmsvc-database-pgpass"])


def test_nobody_else_reads_them(host: Host) -> None:
    """Podman's store is closed to everybody but root, and no value lies elsewhere on the disk or in the journal."""
    assert host.file("/var/lib/containers/storage/secrets/filedriver/secretsdata.json").mode & 0o077 == 0
    lines = "\n".join(value.rpartition(":")[2] for value in values(host).values())
    host.check_output(f"printf '%s\\n' '{lines}' >/run/wanted")
    assert host.run("grep -rlF -f /run/wanted /etc /root /home /tmp /var/tmp /var/lib/lmsvc").stdout == ""
    assert host.run("journalctl --no-pager | grep -F -f /run/wanted; rm /run/wanted").stdout == ""
