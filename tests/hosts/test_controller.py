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


def test_is_confined(host: Host) -> None:
    """The controller runs without any privilege, as part of the host's target."""
    assert_confined(host, "lmsvc-controller")
    assert_in_target(host, "lmsvc-controller")


def test_temporary_files_do_not_pile_up(host: Host) -> None:
    """What a killed controller left among its temporary files is gone when it is back."""
    host.check_output("touch /var/lib/lmsvc/data/tmp/controller-alpha/left")
    assert_survives_kill(host, "lmsvc-controller")
    assert not host.file("/var/lib/lmsvc/data/tmp/controller-alpha/left").exists
