"""Every shipped workflow, made of parameters and run on the example's data."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmsvc.examples.species import LOST, NAMES, RARE
from lmsvc.examples.synthetic import write_example
from tests.service.packages import Package, table
from tests.service.running import RunningService

pytestmark = [pytest.mark.cctools, pytest.mark.slow]

JOB_SECONDS = 900
BOX = {"min_x": 0, "min_y": 0, "max_x": 30, "max_y": 20}
LAYERS = ("temperature", "temperature_range", "rain", "rain_seasonality")
SPECIES = {*NAMES[:3], LOST, RARE, NAMES[-2], NAMES[-1]}
KEPT = SPECIES - {LOST}
PNG = b"\x89PNG"


class Example:
    """The example's files, uploaded, with the records of a few species, and the workflows over them."""

    def __init__(self, service: RunningService, place: Path) -> None:
        """Upload the files."""
        write_example(place / "inputs")
        _keep_few(place / "inputs" / "occurrences.csv")
        self._service, self._place = service, place
        self.uploads = {
            path.stem: {"upload": service.upload(path), "label": path.stem} for path in (place / "inputs").iterdir()
        }
        self.layers = [self.uploads[name] for name in LAYERS]
        self.records = {"occurrences": self.uploads["occurrences"], **BOX}
        self.models = {**self.records, "layers": self.layers, "ecoregions": self.uploads["ecoregions"]}

    def run(self, name: str, **parameters: object) -> Package:
        """Make a workflow's job, run it, and give its package; every output that it asks for must be in it."""
        document = self._service.client.document(name, parameters)
        job = self._service.run(document, JOB_SECONDS)
        assert job["state"] == "succeeded", (job, self._service.logs())
        assert job["progress"]["failed"] == 0, list(self._service.client.items(job["id"]))
        package = Package(self._service, job["id"], self._place)
        assert all(package.files(reference) for reference in document["outputs"])
        return package


def _keep_few(records: Path) -> None:
    header, *lines = records.read_text(encoding="utf-8").splitlines(keepends=True)
    records.write_text("".join([header, *(line for line in lines if line.split(",")[0] in SPECIES)]), encoding="utf-8")


@pytest.fixture(scope="module")
def example(shared_service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """Give the example's files in the shared service."""
    yield Example(shared_service, tmp_path_factory.mktemp("workflows"))


def test_model_species(example: Example) -> None:
    """Each species gets a model and a map in each scenario; the one without usable records is left out."""
    package = example.run("model_species", **example.models, scenarios=[example.layers, example.layers])
    assert set(package.files("model/model")) == KEPT
    assert set(package.files("project_2/projection")) <= KEPT
    assert len(package.files("project_1/projection")) == len(KEPT) - 1


def test_richness(example: Example) -> None:
    """The map, the tables and the matrix are there; no site has more species than there are."""
    package = example.run("richness", **example.models, tree=example.uploads["tree"])
    assert package.only("map/plot").startswith(PNG)
    header, *sites = table(package.only("site_table/table"))
    species = [float(site[header.index("alpha")]) for site in sites]
    assert 0 < max(species) <= len(KEPT)


def test_richness_significance(example: Example) -> None:
    """Without a tree every p-value is a share of the random matrices."""
    package = example.run("richness_significance", **example.models, randomisations=4, cell_size=1)
    header, *sites = table(package.only("p_value_table/table"))
    values = [float(cell) for site in sites for cell in site[3:] if cell not in ("", "nan")]
    assert len(header) > 4
    assert values
    assert all(0 <= value <= 1 and math.isclose(value * 4, round(value * 4)) for value in values)


def test_mcpa(example: Example) -> None:
    """Every node of the tree has correlations, and p-values of all that are defined."""
    hypotheses = [example.uploads["ecoregions"]]
    given = {**example.models, "tree": example.uploads["tree"], "hypotheses": hypotheses}
    package = example.run("mcpa", **given, randomisations=4, cell_size=1)
    nodes, tested = table(package.only("mcpa_table/table")), table(package.only("p_value_table/table"))
    assert len(nodes) == len(tested) == len(KEPT)
    assert any("Adjusted" in column for column in nodes[0])


def test_clean_occurrences(example: Example) -> None:
    """A second source with the same records adds none; the table of all names each species that is left."""
    package = example.run("clean_occurrences", **example.records, more_occurrences=[example.uploads["occurrences"]])
    header, *records = table(package.only("all/table"))
    assert {record[header.index("scientificName")] for record in records} == KEPT
    places = [tuple(record[header.index(name)] for name in header[1:4]) for record in records]
    assert len(set(places)) == len(places)


def test_map_records(example: Example) -> None:
    """Each species with usable records gets a picture."""
    package = example.run("map_records", **example.records, base_layer=example.uploads["rain"])
    assert set(package.files("map/plot")) == KEPT
    assert all(package.read(path).startswith(PNG) for path in package.files("map/plot").values())
