"""The shipped example through the service, and that nothing is written outside the data directory."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmsvc.examples.species import LOST, NAMES, RARE
from lmsvc.examples.synthetic import write_example
from tests.service.packages import Package, table
from tests.service.running import RunningService

pytestmark = [pytest.mark.cctools, pytest.mark.slow]

JOB_SECONDS = 400
REASON = "none of 18 records is left: coordinates removed 4, BoundingBoxFilter removed 14"
WORLD_WRITABLE = [Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")]


class Finished:
    """The example after its run."""

    def __init__(self, directory: Path) -> None:
        """Run the example in a service with a home and a temporary directory of its own."""
        self.home, self.temporary = directory / "home", directory / "tmp"
        for place in (self.home, self.temporary):
            place.mkdir()
        self.foreign = {path for place in WORLD_WRITABLE for path in place.iterdir()}
        environment = {"HOME": str(self.home), "TMPDIR": str(self.temporary)}
        self.service = RunningService(directory / "data", environment)
        self.service.start()
        try:
            document = write_example(directory / "inputs")
            job_id = self.service.submit_files(json.loads(document.read_text(encoding="utf-8")), document.parent)
            self.job = self.service.wait_for_end(job_id, JOB_SECONDS)
            self.items = list(self.service.client.items(job_id))
            self.package = Package(self.service, job_id, directory)
        finally:
            self.service.stop()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """Give the example after its run, which several tests look at."""
    yield Finished(tmp_path_factory.mktemp("example"))


def test_the_example_succeeds_with_every_output(finished: Finished) -> None:
    """Each output that the document asks for is in the package, the tables and pictures are readable."""
    assert finished.job["state"] == "succeeded", (finished.job, finished.service.logs())
    document = json.loads(finished.package.read("job.json"))
    assert all(finished.package.files(reference) for reference in document["outputs"])
    assert finished.package.only("map/plot").startswith(b"\x89PNG")
    statistics = table(finished.package.only("site_table/table"))
    assert all(math.isfinite(float(cell)) for row in statistics[1:] for cell in row)


def test_a_species_without_records_is_reported_and_left_out(finished: Finished) -> None:
    """Nothing is left of one species: the API and the package say why, and no later step has a trace of it."""
    package = finished.package
    assert package.reasons("clean", "skipped") == {LOST: REASON}
    assert package.reasons("model", "skipped") == {LOST: f"skipped, because clean {LOST}: {REASON}"}
    told = {(item["step"], item["label"]): item["reason"] for item in finished.items}
    assert told["clean", LOST] == REASON
    assert LOST not in package.files("model/model")
    assert {label for label in package.files("model/model")} == set(NAMES) - {LOST}
    tree = package.only("tree/tree").decode()
    assert LOST not in tree.replace("_", " ")
    assert all(name in tree.replace("_", " ") for name in NAMES if name != LOST)


def test_a_species_with_five_points_gets_a_range(finished: Finished) -> None:
    """A species with too few points for Maxent is modelled as a range, and its report says why."""
    reports = finished.package.reports("model/report")
    assert reports[RARE]["method"] == "rare species (convex hull and ecoregions)"
    assert reports[RARE]["points_used"] == 5
    assert "5 different places with data are fewer than min_points (12)" in reports[RARE]["reason"]
    assert {report["method"] for name, report in reports.items() if name != RARE} == {"maxent (elapid)"}


def test_nothing_is_written_outside_the_data_directory(finished: Finished) -> None:
    """Neither the home nor the temporary directory of the service has a file; none of its is in a shared place."""
    assert [str(path) for place in (finished.home, finished.temporary) for path in place.rglob("*")] == []
    fresh = {path for place in WORLD_WRITABLE for path in place.iterdir()} - finished.foreign
    named = [path for path in fresh if _mentions(path, str(finished.service.data_dir))]
    assert named == []


def _mentions(path: Path, text: str) -> bool:
    """Return whether a file that appeared beside the tests names the service's directory."""
    return path.is_file() and text.encode() in path.read_bytes()[:100_000]
