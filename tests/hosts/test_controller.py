"""What the role controller leaves: a controller that gives signs of life and comes back by itself."""

import json
import time

from testinfra.host import Host

from tests.hosts.service import assert_confined, assert_in_target, assert_survives_kill

HEARTBEAT = "/var/lib/lmsvc/data/run/controllers/alpha.json"


def test_gives_signs_of_life(host: Host) -> None:
    """The controller writes its heartbeat under its host's name, and leads where it is alone."""
    beat = json.loads(host.file(HEARTBEAT).content_string)
    assert beat["leads"] is True
    assert abs(beat["time"] - time.time()) < 15


def test_knows_all_passwords(host: Host) -> None:
    """The pools' passwords are there for the controller's user alone."""
    found = host.check_output("podman exec lmsvc-controller stat -c '%a %u %n' /run/secrets/lmsvc-pool-alder")
    assert found == "400 900 /run/secrets/lmsvc-pool-alder"


def test_the_mail_servers_password_is_in_no_file(host: Host) -> None:
    """It is a secret for the controller's user alone: no file of the host, no unit and no command line holds it."""
    found = host.check_output("podman exec lmsvc-controller stat -c '%a %u' /run/secrets/lmsvc-mail-password")
    assert found == "400 900"
    named = "podman exec lmsvc-controller sh -c 'cat $LMSVC_NOTICES__MAIL__PASSWORD_FILE'"
    assert host.check_output(named) == "only-for-this-scenario"
    assert host.run("grep -rlF only-for-this-scenario /etc /run/systemd /var/lib/lmsvc").stdout == ""
    assert "only-for-this-scenario" not in host.check_output("podman inspect lmsvc-controller; ps -ef")


def test_the_key_of_webhooks_is_a_secret(host: Host) -> None:
    """The controller signs with the key that podman keeps, and makes none of its own."""
    found = host.check_output("podman exec lmsvc-controller stat -c '%a %u %s' /run/secrets/lmsvc-notices-key")
    assert found == "400 900 48"
    assert not host.file("/var/lib/lmsvc/data/run/notices.key").exists


def test_is_confined(host: Host) -> None:
    """The controller runs without any privilege, as part of the host's target."""
    assert_confined(host, "lmsvc-controller")
    assert_in_target(host, "lmsvc-controller")


def test_temporary_files_do_not_pile_up(host: Host) -> None:
    """What a killed controller left among its temporary files is gone when it is back."""
    host.check_output("touch /var/lib/lmsvc/data/tmp/controller-alpha/left")
    assert_survives_kill(host, "lmsvc-controller")
    assert not host.file("/var/lib/lmsvc/data/tmp/controller-alpha/left").exists
