"""Role overlay: containers of three hosts reach each other, and a stranger reaches only what is public."""

import time
from collections.abc import Iterator

import pytest
from testinfra.host import Host

BUSYBOX = "localhost/busybox /bin/busybox"
NUMBERS = {"alpha": 1, "beta": 2, "gamma": 3}
MESH = " ".join(f"--add-host {name}-probe:10.99.{number}.20" for name, number in NUMBERS.items())


def serve(host: Host, name: str, address: str, port: int) -> None:
    """Start a web server of ten random megabytes in a container with that address."""
    host.check_output("mkdir -p /srv/probe && test -s /srv/probe/f || head -c 10000000 /dev/urandom > /srv/probe/f")
    host.check_output(
        f"podman run --detach --replace --name {name} --network lmsvc --ip {address} --cap-drop all {MESH} "
        f"--volume /srv/probe:/srv:ro {BUSYBOX} httpd -f -vv -p {port} -h /srv"
    )


@pytest.fixture(scope="module", autouse=True)
def probes(hosts: dict[str, Host]) -> Iterator[None]:
    """Run a container on each host, and one where the proxy would be."""
    for name, number in NUMBERS.items():
        hosts[name].check_output(
            "mkdir -p /tmp/probe/bin && cp /bin/busybox /tmp/probe/bin/ "
            "&& tar -C /tmp/probe -c bin | podman import --quiet - localhost/busybox"
        )
        serve(hosts[name], "probe", f"10.99.{number}.20", 7000)
    serve(hosts["alpha"], "proxy", "10.99.1.14", 8443)
    yield
    for name in NUMBERS:
        hosts[name].run("podman rm --force --time 0 probe proxy")


def inside(host: Host, command: str) -> str:
    """Return what a command prints in the host's container."""
    return str(host.check_output(f"podman exec probe /bin/busybox {command}")).strip()


def answers(host: Host, address: str, port: int) -> bool:
    """Tell whether a connection from the host to that port is accepted."""
    program = f"import socket; socket.create_connection(('{address}', {port}), 2)"
    return bool(host.run(f'python3 -c "{program}"').rc == 0)


def outer_address(host: Host) -> str:
    """Return the host's address in the network that all hosts share."""
    addresses: list[str] = host.interface("eth0").addresses
    return next(address for address in addresses if "." in address)


@pytest.mark.parametrize(("here", "there"), [("alpha", "beta"), ("beta", "alpha"), ("gamma", "alpha")])
def test_ten_megabytes_arrive_by_name(hosts: dict[str, Host], here: str, there: str) -> None:
    """A container gets a large file from one on another host by its fixed name: packets have the right size."""
    expected = hosts[there].check_output("md5sum < /srv/probe/f")
    assert inside(hosts[here], f"wget -q -T 20 -O - http://{there}-probe:7000/f | md5sum") == expected.strip()


def test_source_address_is_kept(hosts: dict[str, Host]) -> None:
    """A service sees the address of the container that calls it, which the catalog believes."""
    inside(hosts["gamma"], "wget -q -T 20 -O /dev/null http://beta-probe:7000/f")
    assert "10.99.3.20" in hosts["beta"].run("podman logs probe 2>&1").stdout


def test_private_key_stays_with_root(hosts: dict[str, Host]) -> None:
    """Only root reads the private key, and no other file of ours repeats it."""
    for name in NUMBERS:
        key = hosts[name].file("/etc/wireguard/lm-overlay.key")
        assert (key.user, key.mode) == ("root", 0o600)
        assert hosts[name].run(f"grep -rlF -f {key.path} /etc --exclude lm-overlay.key").stdout == ""


def test_unknown_peers_leave_the_others_alone(hosts: dict[str, Host]) -> None:
    """A peer whose name nobody knows waits without an address; one whose key is not known is left out."""
    peers = [line.split() for line in hosts["alpha"].check_output("wg show lm-overlay dump").splitlines()[1:]]
    endpoint = {peer[3]: peer[2] for peer in peers}
    assert sorted(endpoint) == ["10.99.2.0/24", "10.99.3.0/24", "10.99.4.0/24"]
    assert endpoint["10.99.4.0/24"] == "(none)"


@pytest.mark.parametrize(("port", "open_outside"), [(22, True), (9100, True), (9097, False), (5432, False)])
def test_stranger_sees_open_ports_only(hosts: dict[str, Host], port: int, open_outside: bool) -> None:
    """A program that listens on all addresses of a host is reached from outside on allowed ports only."""
    if port != 22:
        hosts["beta"].check_output(f"systemd-run --collect busybox httpd -f -p {port} -h /srv/probe")
        time.sleep(1)
    assert answers(hosts["beta"], "127.0.0.1", port)
    assert answers(hosts["delta"], outer_address(hosts["beta"]), port) == open_outside


def test_stranger_cannot_route_to_containers(hosts: dict[str, Host]) -> None:
    """A neighbour that sends packets for a container to the host gets no answer."""
    hosts["delta"].check_output(f"ip route replace 10.99.1.0/24 via {outer_address(hosts['alpha'])}")
    assert answers(hosts["alpha"], "10.99.1.20", 7000)
    assert not answers(hosts["delta"], "10.99.1.20", 7000)


def test_https_goes_to_the_proxy(hosts: dict[str, Host]) -> None:
    """The https port of the proxy's host answers strangers and the host itself; that of another host does not."""
    alpha = outer_address(hosts["alpha"])
    assert answers(hosts["delta"], alpha, 443)
    assert answers(hosts["alpha"], alpha, 443)
    assert not answers(hosts["delta"], outer_address(hosts["beta"]), 443)


def test_containers_reach_containers_only(hosts: dict[str, Host]) -> None:
    """A container reaches neither ssh of a host, its own or another, nor an address outside."""
    for target in ("10.99.1.1", "10.99.2.254", outer_address(hosts["delta"])):
        assert hosts["alpha"].run(f"podman exec probe /bin/busybox nc -w 2 {target} 22 < /dev/null").rc != 0


def test_own_tables_survive(hosts: dict[str, Host]) -> None:
    """The site's own rules stay when ours are loaded anew, and ours return after the site's flush everything."""
    beta = hosts["beta"]
    beta.check_output("nft add table ip site")
    beta.check_output("systemctl reload lmsvc-firewall && systemctl restart lmsvc-firewall")
    assert "table ip site" in beta.check_output("nft list tables")
    beta.check_output("systemctl start nftables && systemctl restart nftables")
    assert "table inet lmsvc" in beta.check_output("nft list tables")


def heard(host: Host, words: list[str]) -> bool:
    """Return whether a container's listener has got these words within 20 seconds."""
    end = time.monotonic() + 20
    while inside(host, "cat /dev/shm/heard").split() != words and time.monotonic() < end:
        time.sleep(0.2)
    return inside(host, "cat /dev/shm/heard").split() == words


def test_new_peer_breaks_no_connection(hosts: dict[str, Host]) -> None:
    """A connection between two hosts goes on while a third peer comes."""
    alpha, beta = hosts["alpha"], hosts["beta"]
    inside(beta, "touch /dev/shm/heard")
    # Where its own input ends, nc tells the other side that it has no more to say, and that one hangs up.
    listen = "/bin/busybox sleep 60 | /bin/busybox nc -l -p 7001 > /dev/shm/heard"
    beta.check_output(f"podman exec --detach probe /bin/busybox sh -c '{listen}'")
    listens = "podman exec probe /bin/busybox netstat -ltn | grep -q :7001"
    beta.check_output(f"timeout 20 sh -c 'until {listens}; do sleep 0.2; done'")
    say = "until [ -e /dev/shm/go ]; do /bin/busybox sleep 0.2; done"
    talk = f"(echo before; {say}; echo after) | /bin/busybox nc beta-probe 7001"
    alpha.check_output(f"podman exec --detach probe /bin/busybox sh -c '{talk}'")
    assert heard(beta, ["before"])
    gamma_key = hosts["gamma"].check_output("wg show lm-overlay public-key")
    alpha.check_output(f"wg set lm-overlay peer {gamma_key} remove")
    alpha.check_output("systemctl reload wg-quick@lm-overlay")
    assert gamma_key in alpha.check_output("wg show lm-overlay peers")
    inside(alpha, "touch /dev/shm/go")
    assert heard(beta, ["before", "after"])


def test_everything_starts_with_the_host(host: Host) -> None:
    """Interface, bridge and firewall of a host of ours are active and start at the next boot."""
    if host.backend.get_pytest_id().endswith("delta"):
        assert not host.interface("lm-overlay").exists
        return
    for unit in ("wg-quick@lm-overlay.service", "lmsvc-bridge.service", "lmsvc-firewall.service"):
        service = host.service(unit)
        assert (service.is_running, service.is_enabled) == (True, True), host.run(f"journalctl -u {unit} -n 20").stdout
