"""Synthetic data in the shape of a real study group: 64 species over four climate layers."""

from pathlib import Path

from lmsvc.examples.geotiff import write_geotiff
from lmsvc.examples.landscape import CLIMATE, make_landscape
from lmsvc.examples.species import LOST, Record, make_records
from lmsvc.examples.synthetic import write_records

SPECIES = 64
OCCURRENCES = "occurrences.csv"


def write_study_group(directory: Path, species: int = SPECIES) -> list[Path]:
    """Write records and layers; every species has records that survive cleaning. Equal numbers give equal files.

    Returns:
        The layers.
    """
    landscape = make_landscape(1)
    layers = [directory / f"{name}.tif" for name in CLIMATE]
    for name, path in zip(CLIMATE, layers, strict=True):
        write_geotiff(path, landscape.raster(name))
    records: dict[str, list[Record]] = {}
    for seed in range(1, species):
        for record in make_records(landscape, seed):
            if record.name != LOST:
                name = f"{record.name} {seed}"
                records.setdefault(name, []).append(record._replace(name=name))
        if len(records) >= species:
            break
    chosen = list(records)[:species]
    write_records(directory / OCCURRENCES, [record for name in chosen for record in records[name]])
    return layers
