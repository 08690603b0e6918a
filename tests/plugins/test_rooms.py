"""What the slots of a host may use, and which pools do not fit."""

from typing import Any

from plugins.filter.rooms import host_cores, host_memory_mb, known_rooms, pools_misfits, preflight_fit
from plugins.modules.preflight_probe import memory_mb
from plugins.modules.room_probe import room

FACTS = {"cores": 4, "memory_mb": 8000}
ROOM = {"cores": 4, "memory_mb": 6800}
POOL: dict[str, Any] = {"slots": {"min": 0, "max": 9}, "cores": 1, "memory_mb": 1000, "disk_mb": 1000}


def pool(least: int, most: int, **changed: object) -> dict[str, Any]:
    """Return a pool with these bounds."""
    return POOL | {"slots": {"min": least, "max": most}} | changed


def test_both_modules_measure_a_host_alike() -> None:
    """What preflight finds and what a playbook without preflight finds must agree, or workers would restart."""
    assert room()["memory_mb"] == memory_mb()


def test_cores_are_given_away_more_than_once_only_where_the_site_says_so() -> None:
    """The ratio counts for cores, rounded down, and there is at least one; a word instead of a ratio counts as 1."""
    assert [host_cores(FACTS, ratio) for ratio in (1, 1.0, 2.0, 0.6, 0.1)] == [4, 4, 8, 2, 1]
    word: Any = "twice"
    assert host_cores(FACTS, word) == 4


def test_services_have_their_memory_first() -> None:
    """A host with the database offers less than one with workers alone; small hosts offer nothing, never less."""
    assert host_memory_mb(FACTS, ["worker"]) == 6800
    assert host_memory_mb(FACTS, ["worker", "database", "catalog"]) == 6300
    assert host_memory_mb({"cores": 1, "memory_mb": 900}, ["database", "web", "controller"]) == 0


def test_hosts_that_did_not_answer_have_no_room() -> None:
    """Nothing is guessed of a host that is away."""
    assert known_rooms(["a", "b"], [ROOM, {}]) == {"a": ROOM}
    assert known_rooms(["a"], [{"cores": "4", "memory_mb": "6800"}]) == {"a": ROOM}


def test_pools_that_fit_are_fine() -> None:
    """The most may be more than there is room for; only the least must fit."""
    rooms = {"a": ROOM, "b": ROOM}
    assert pools_misfits({"one": pool(4, 99), "two": pool(4, 99)}, rooms, ["a", "b"]) == []


def test_least_slots_beyond_the_cores_of_all_hosts_are_found() -> None:
    """The finding says which pool, what it needs, and how many there is room for."""
    rooms = {"a": ROOM, "b": ROOM}
    [text] = pools_misfits({"one": pool(9, 9)}, rooms, ["a", "b"])
    assert text.startswith("pool one: 9 slots at least need 9 cores and 9000 MB")
    assert "have room for 8" in text


def test_a_slot_larger_than_every_host_is_found_whatever_its_least() -> None:
    """A pool of which no slot can ever start is a fault even where it keeps none; one large host is enough."""
    large = {"large": pool(0, 2, memory_mb=7000)}
    assert pools_misfits(large, {"a": ROOM}, ["a"]) == [
        "pool large fits no host: a slot needs 1 cores and 7000 MB, a has 4 cores and 6800 MB for slots"
    ]
    assert pools_misfits(large, {"a": ROOM, "b": ROOM | {"memory_mb": 7000}}, ["a", "b"]) == []


def test_gpus_are_counted_as_cores_are() -> None:
    """A pool fits where hosts have GPUs enough for a slot, and for its least slots together; else it is said."""
    rooms = {"a": ROOM, "b": ROOM | {"gpus": 2}}
    hosts = ["a", "b"]
    assert pools_misfits({"deep": pool(2, 9, gpus=1)}, rooms, hosts) == []
    assert pools_misfits({"deep": pool(0, 1, gpus=3)}, rooms, hosts) == [
        "pool deep fits no host: a slot needs 1 cores, 1000 MB and 3 GPUs, a has 4 cores, 6800 MB and 0 GPUs;"
        " b has 4 cores, 6800 MB and 2 GPUs for slots"
    ]
    two = {"deep": pool(1, 1, gpus=1), "wide": pool(1, 1, gpus=2)}
    [text] = pools_misfits(two, rooms, hosts)
    assert "needs 1 core, 1000 MB and" in text or "need 1 core, 1000 MB and" in text
    assert text.endswith("room for 0 beside what the other pools need at least")
    assert preflight_fit({}, {"deep": pool(0, 1, gpus=-1)}, hosts, rooms) == []


def test_only_a_pools_own_hosts_count() -> None:
    """Room elsewhere does not help a pool that names its hosts."""
    rooms = {"a": ROOM, "b": ROOM | {"cores": 64, "memory_mb": 64000}}
    assert len(pools_misfits({"one": pool(5, 5, hosts=["a"])}, rooms, ["a", "b"])) == 1
    assert pools_misfits({"one": pool(5, 5)}, rooms, ["a", "b"]) == []


def test_a_host_that_is_away_may_have_the_room() -> None:
    """While a worker host has not answered nobody is refused for a least number that might fit there."""
    assert pools_misfits({"one": pool(8, 8)}, {"a": ROOM}, ["a", "b"]) == []


def test_disk_is_compared_with_what_hosts_have() -> None:
    """A slot with more disk than any host is found, beside all else."""
    probes: dict[str, dict[str, Any]] = {"a": {"facts": {"disk_mb": {"total": 5000}}}, "b": {"unreachable": True}}
    [finding] = preflight_fit(probes, {"one": pool(1, 1, disk_mb=9000)}, ["a", "b"], {"a": ROOM})
    assert finding[:3] == ("site", "pools", "pool one fits no host: a slot needs 9000 MB of disk, a has 5000 MB")
    assert preflight_fit(probes, {"one": pool(1, 1)}, ["a", "b"], {"a": ROOM}) == []


def test_a_faulty_pool_does_not_stop_the_report() -> None:
    """What another check reports of a pool is no reason to fail here."""
    faulty: dict[str, Any] = {"word": "worker", "none": {}, "text": pool(0, 1, memory_mb="2 GB"), "hosts": pool(0, 1)}
    faulty["hosts"]["hosts"] = "a"
    assert preflight_fit({}, faulty, ["a"], {"a": ROOM}) == []


def test_a_batch_systems_pool_needs_no_room_here() -> None:
    """Neither its least slots nor a slot larger than all hosts is a fault: the nodes are the batch system's."""
    batch = {"long": pool(50, 99, cores=64, backend="slurm")}
    assert pools_misfits(batch, {"a": ROOM}, ["a"]) == []
    assert preflight_fit({"a": {"facts": {"disk_mb": {"total": 10}}}}, batch, ["a"], {"a": ROOM}) == []
