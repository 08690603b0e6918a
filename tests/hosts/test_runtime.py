"""Role runtime: podman, and the units that all containers of a host hang on."""

import json

from testinfra.host import Host


def test_quadlet_accepts_every_file(host: Host) -> None:
    """The generator makes a service of the network's file and complains about nothing."""
    result = host.run("/usr/lib/systemd/system-generators/podman-system-generator --dryrun")
    assert result.rc == 0
    assert "lmsvc-network.service" in result.stdout
    assert [line for line in result.stderr.splitlines() if "Loading source unit file" not in line] == []


def test_target_starts_with_the_host(host: Host) -> None:
    """The target that holds the service is active and starts at the next boot."""
    target = host.service("lmsvc.target")
    assert (target.is_running, target.is_enabled) == (True, True)


def test_network_leaves_room_for_fixed_addresses(host: Host) -> None:
    """Containers without a fixed address get one between 129 and 191; packets have the overlay's size."""
    network = json.loads(host.check_output("podman network inspect lmsvc"))[0]
    lease = network["subnets"][0]["lease_range"]
    assert (lease["start_ip"], lease["end_ip"]) == ("10.99.1.129", "10.99.1.191")
    assert network["options"] == {"mode": "unmanaged", "mtu": "1420"}
    assert network["network_interface"] == "lm-bridge"


def test_slice_caps_processors(host: Host) -> None:
    """Half of the processors is what the slice gives to all containers together."""
    processors = int(host.check_output("nproc"))
    host.check_output("systemctl start lmsvc.slice")
    quota = host.check_output("systemctl show --property CPUQuotaPerSecUSec --value lmsvc.slice")
    assert quota in {f"{processors * 500}ms", f"{processors / 2:g}s"}


def test_init_of_containers_is_there(host: Host) -> None:
    """Podman finds the init that containers with children need."""
    assert host.run("podman info --format json").rc == 0
    assert host.package("catatonit").is_installed
