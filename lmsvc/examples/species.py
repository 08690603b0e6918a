"""Virtual species: their names, niches, records and family tree."""

import math
import random
from typing import NamedTuple

from lmsvc.examples.landscape import PIXEL, Cell, Landscape, centre

NAMES = (
    "Fictia alba",
    "Fictia borealis",
    "Fictia collina",
    "Fictia dumetorum",
    "Fictia evanescens",
    "Fictia fluvialis",
    "Imaginaria australis",
    "Imaginaria grandis",
    "Imaginaria hirsuta",
    "Imaginaria littoralis",
    "Imaginaria montana",
    "Imaginaria rara",
    "Phantasma nivale",
    "Phantasma orientale",
    "Phantasma palustre",
    "Phantasma rubrum",
)
LOST, RARE = "Fictia evanescens", "Imaginaria rara"
RARE_RECORDS = 5
FEWEST, MOST = 45, 130
REPEATED = 0.1


class Record(NamedTuple):
    """An occurrence: longitude and latitude as text, as a collection would have them, and the year."""

    name: str
    longitude: str
    latitude: str
    year: int


def make_records(landscape: Landscape, seed: int) -> list[Record]:
    """Make the records of all species: where their niches are, a few twice; one is only recorded where it cannot be."""
    chance = random.Random(seed)
    records = []
    for name in NAMES:
        records += _lost(name, chance) if name == LOST else _records(name, landscape, chance)
    return records


def _records(name: str, landscape: Landscape, chance: random.Random) -> list[Record]:
    optimum = chance.choice(landscape.land)
    weights = [_suitability(landscape, optimum, cell) for cell in landscape.land]
    count = RARE_RECORDS if name == RARE else chance.randint(FEWEST, MOST)
    cells = chance.choices(landscape.land, weights, k=count)
    if name == RARE:
        cells = _different(landscape, weights, chance)
    records = [_record(name, cell, chance) for cell in cells]
    return records + [record for record in records if chance.random() < REPEATED]


def _different(landscape: Landscape, weights: list[float], chance: random.Random) -> list[Cell]:
    """Give a few different cells, none of them chosen twice."""
    cells: dict[Cell, None] = {}
    while len(cells) < RARE_RECORDS:
        cells[chance.choices(landscape.land, weights)[0]] = None
    return list(cells)


def _suitability(landscape: Landscape, optimum: Cell, cell: Cell) -> float:
    """Give how well a cell suits a species that prefers the climate of another: 1 at best."""
    widths = {"temperature": 25, "temperature_range": 40, "rain": 150, "rain_seasonality": 15}
    distance = sum(
        ((landscape.layers[name][cell] - landscape.layers[name][optimum]) / width) ** 2
        for name, width in widths.items()
    )
    return math.exp(-distance / 2)


def _record(name: str, cell: Cell, chance: random.Random) -> Record:
    x, y = (middle + chance.uniform(-0.45, 0.45) * PIXEL for middle in centre(cell))
    return Record(name, f"{x:.4f}", f"{y:.4f}", chance.randint(1950, 2020))


def _lost(name: str, chance: random.Random) -> list[Record]:
    """Give records with swapped signs, and some without coordinates: what cleaning is for."""
    wrong = [Record(name, f"{-chance.uniform(5, 25):.4f}", f"{-chance.uniform(5, 15):.4f}", 1987) for _ in range(14)]
    return wrong + [Record(name, "", "", 1901) for _ in range(4)]


def make_tree(seed: int) -> str:
    """Make a tree of all species in Newick, every tip equally far from the root, genera together."""
    chance = random.Random(seed)
    genera: dict[str, list[str]] = {}
    for name in NAMES:
        genera.setdefault(name.split()[0], []).append(name.replace(" ", "_"))
    clades = [_join([(tip, 0.0) for tip in tips], chance, 0.0) for tips in genera.values()]
    newick, _ = _join(clades, chance, max(age for _, age in clades))
    return f"{newick};\n"


def _join(clades: list[tuple[str, float]], chance: random.Random, start: float) -> tuple[str, float]:
    """Join clades two by two, each time a little earlier, and give the newick text and age of the whole."""
    age, left = start, list(clades)
    while len(left) > 1:
        age += chance.uniform(0.5, 2.0)
        one, other = (left.pop(chance.randrange(len(left))) for _ in range(2))
        left.append((f"({one[0]}:{age - one[1]:.6f},{other[0]}:{age - other[1]:.6f})", age))
    return left[0]
