"""Species whose names are hostile, through split, clean, model and matrix: right results, nothing executed."""

import csv
from pathlib import Path

import pytest

from lmsvc.examples.landscape import centre, make_landscape
from lmsvc.examples.synthetic import write_example
from tests.service.documents import Document
from tests.service.packages import Package, table
from tests.service.running import RunningService

pytestmark = [pytest.mark.cctools, pytest.mark.slow]

BOX = {"min_x": {"value": 0}, "min_y": {"value": 0}, "max_x": {"value": 30}, "max_y": {"value": 20}}
FEWEST_PLACES = 3


def hostile_names(marker: Path) -> list[str]:
    """Return names that must stay names; executed anywhere, they make the marker."""
    return [
        "Fictia alba",
        "fictia alba",
        "Fictia-alba",
        "Fictia.alba",
        "Fictia 'single' \"double\"",
        f"Fictia; touch {marker}",
        f"$(touch {marker}) `touch {marker}`",
        "Fictia, comma & \\backslash | pipe > file",
        "Fictia Å 物种 🌿",
        "../../../etc/passwd",
        "-rf *",
        "F" * 200,
    ]


def write_points(path: Path, names: list[str]) -> dict[str, int]:
    """Write occurrences, of each species in another number of different places; return these numbers."""
    land = iter(make_landscape(1).land[::7])
    places = {name: FEWEST_PLACES + number for number, name in enumerate(names)}
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("species", "x", "y"))
        for name, count in places.items():
            rows.writerows((name, *centre(next(land))) for _ in range(count))
    return places


def document() -> Document:
    """Return a job that models every species and puts the models into a matrix."""
    ecoregions = {"file": "ecoregions.tif"}
    return {
        "name": "hostile names",
        "inputs": {
            "occurrences": {"file": "points.csv"},
            "layers": [{"file": "temperature.tif", "label": "temperature"}, {"file": "rain.tif", "label": "rain"}],
            "ecoregions": ecoregions,
        },
        "steps": {
            "split": {"run": "split_occurrence_data", "in": {"occurrences": "inputs/occurrences"}},
            "clean": {
                "run": "wrangle_occurrences",
                "scatter": "occurrences",
                "in": {"occurrences": "split/species", **BOX},
            },
            "model": {
                "run": "create_sdm",
                "scatter": "points",
                "in": {
                    "points": "clean/occurrences",
                    "layers": "inputs/layers",
                    "ecoregions": "inputs/ecoregions",
                    "min_points": {"value": 100},
                },
            },
            "grid": {"run": "build_grid", "in": {"cell_size": {"value": 1.0}, **BOX}},
            "pam": {
                "run": "encode_layers",
                "in": {"grid": "grid/grid", "layers": "model/model", "min_coverage": {"value": 5}},
            },
            "pam_table": {"run": "convert_lmm_to_csv", "in": {"matrix": "pam/matrix"}},
        },
        "outputs": ["split/species", "clean/occurrences", "model/model", "model/report", "pam_table/table"],
    }


def test_hostile_species_names(service: RunningService, tmp_path: Path) -> None:
    """Names with quotes, commands, unicode, traversal, 200 characters, or differing only in case or punctuation."""
    marker = tmp_path / "executed"
    names = hostile_names(marker)
    write_example(tmp_path)
    places = write_points(tmp_path / "points.csv", names)
    job = service.wait_for_end(service.submit_files(document(), tmp_path), 300)
    assert job["state"] == "succeeded", (job, service.logs())
    assert not marker.exists()
    check_results(Package(service, job["id"], tmp_path), places)


def check_results(package: Package, places: dict[str, int]) -> None:
    """Check that every species has its own points, model and column, each in a file of its own with a safe name."""
    for step in ("split/species", "clean/occurrences"):
        records = {name: len(table(content)) - 1 for name, content in package.contents(step).items()}
        assert records == places
    reports = package.reports("model/report")
    assert {name: report["points_used"] for name, report in reports.items()} == places
    assert {report["species"] for report in reports.values()} == set(places)
    assert package.files("model/model").keys() == places.keys()
    header = table(package.only("pam_table/table"))[0]
    assert set(places) <= set(header)
    files = [name for name in package.names() if name.startswith("outputs/")]
    assert len({name.lower() for name in files}) == len(files)
    assert all(name.isascii() and ".." not in name and len(Path(name).name) < 100 for name in files)
