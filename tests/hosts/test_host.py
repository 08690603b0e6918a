"""Role host: what every other role finds on a host."""

import os

from testinfra.host import Host


def test_user_owns_the_same_number_everywhere(host: Host) -> None:
    """The service's user has the fixed number that a path shared by several hosts needs, and no shell."""
    user = host.user("lmsvc")
    assert (user.uid, user.gid, user.shell) == (900, 900, "/usr/sbin/nologin")


def test_directories_belong_to_root(host: Host) -> None:
    """Configuration and state have their directories, which only root may change."""
    for path in ("/etc/lmsvc", "/var/lib/lmsvc"):
        directory = host.file(path)
        assert (directory.is_directory, directory.user, directory.mode) == (True, "root", 0o755)


def test_forwarding_survives_a_reboot(host: Host) -> None:
    """Packets are forwarded now, and a file of our own says so for the next start."""
    assert host.sysctl("net.ipv4.ip_forward") == 1
    assert host.file("/etc/sysctl.d/60-lmsvc.conf").contains("net.ipv4.ip_forward=1")


def test_time_zone_is_set(host: Host) -> None:
    """The clock shows the zone of the inventory."""
    assert host.run("date +%Z").stdout.strip() in {"CET", "CEST"}


def test_site_certificates_are_believed(host: Host) -> None:
    """The last certificate of the site's bundle, where this machine has one, is among the system's authorities."""
    bundle = host.file("/usr/local/share/ca-certificates/lmsvc-site.crt")
    assert bundle.exists == bool(os.environ.get("LMSVC_TEST_CA_BUNDLE"))
    last = bundle.content_string.strip().splitlines()[-2] if bundle.exists else ""
    assert last in host.file("/etc/ssl/certs/ca-certificates.crt").content_string


def test_a_host_of_a_test_leaves_the_machines_clock_alone(host: Host) -> None:
    """Setting the clock, here to what it is, is refused: the clock of a container is that of the machine."""
    answer = host.run("date --set=@$(date +%s)")
    assert answer.rc != 0
    assert "not permitted" in answer.stderr
