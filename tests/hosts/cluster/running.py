"""What the cluster's tests do while a job runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hosts.finished import package
from tests.hosts.site import Site
from tests.service.documents import sleep_each

ITEMS = 120


@contextmanager
def running_job(
    site: Site, directory: Path, nap_seconds: float = 1.0, items: int = ITEMS, **fields: object
) -> Iterator[str]:
    """Do something while a scattered job runs, and fail unless that then succeeds with every item."""
    job_id = site.submit(sleep_each("seconds", [nap_seconds] * items, **fields))
    assert site.wait_until(job_id, "running", 90)["state"] == "running"
    yield job_id
    assert site.wait_until(job_id, "running", 120)["state"] == "running", "the job had ended before that was done"
    job = site.wait_until(job_id, "ended", 900)
    assert job["state"] == "succeeded", job
    assert [line["state"] for line in package(site, job_id, directory).items("nap")] == ["succeeded"] * items


def runs(site: Site) -> dict[str, str]:
    """Return for each unit of ours on each host which run of it this is."""
    found = {}
    for name in site.lines:
        text = site.host(name).check_output("systemctl show -p Id,InvocationID 'lmsvc-*.service'")
        for block in text.strip().split("\n\n"):
            unit = dict(line.split("=", 1) for line in block.splitlines())
            found[f"{name} {unit['Id']}"] = unit["InvocationID"]
    return found


def restarted(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Return which units of which hosts are in another run than before, or came, or went."""
    return {unit for unit in before.keys() | after.keys() if before.get(unit) != after.get(unit)}
