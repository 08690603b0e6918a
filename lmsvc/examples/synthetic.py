"""Write the shipped example: ``python3 -m lmsvc.examples.synthetic DIRECTORY``. Equal seeds give equal files."""

import csv
import sys
from importlib import resources
from pathlib import Path

from lmsvc.examples.geotiff import write_geotiff
from lmsvc.examples.landscape import make_landscape
from lmsvc.examples.species import Record, make_records, make_tree

JOB = "richness.json"
HEADER = ("scientificName", "decimalLongitude", "decimalLatitude", "year")


def write_example(directory: Path, seed: int = 1) -> Path:
    """Write the inputs and the job document that names them.

    Args:
        directory: where; it is made if it is not there.
        seed: of everything made up.

    Returns:
        The path of the job document.
    """
    directory.mkdir(parents=True, exist_ok=True)
    landscape = make_landscape(seed)
    for name in landscape.layers:
        write_geotiff(directory / f"{name}.tif", landscape.raster(name))
    write_records(directory / "occurrences.csv", make_records(landscape, seed))
    (directory / "tree.tre").write_text(make_tree(seed), encoding="utf-8")
    document = directory / JOB
    document.write_text((resources.files("lmsvc.examples") / JOB).read_text(encoding="utf-8"), encoding="utf-8")
    return document


def write_records(path: Path, records: list[Record]) -> None:
    """Write occurrence records as CSV."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(records)


if __name__ == "__main__":
    sys.stdout.write(f"{write_example(Path(sys.argv[1]))}\n")
