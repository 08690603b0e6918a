"""What the role host leaves on a bare host."""

from testinfra.host import Host


def test_user_of_the_service(host: Host) -> None:
    """Files of the service belong to one user with the same number on every host, who cannot log in."""
    user = host.user("lmsvc")
    assert (user.uid, user.gid, user.shell) == (900, 900, "/usr/sbin/nologin")


def test_directories(host: Host) -> None:
    """The service's own directories are root's."""
    for path in ("/etc/lmsvc", "/var/lib/lmsvc"):
        directory = host.file(path)
        assert (directory.is_directory, directory.user, directory.mode) == (True, "root", 0o755)


def test_forwarding(host: Host) -> None:
    """Packets pass between bridge and overlay, also after the next start."""
    assert host.sysctl("net.ipv4.ip_forward") == 1
    assert "net.ipv4.ip_forward=1" in host.file("/etc/sysctl.d/60-lmsvc.conf").content_string
