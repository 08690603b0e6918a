"""A made-up island: its climate and its ecoregions."""

import math
import random
from collections.abc import Callable
from typing import NamedTuple

from lmsvc.examples.geotiff import Raster

WEST, NORTH, PIXEL = 0.0, 20.0, 0.25
WIDTH, HEIGHT = 120, 80
WAVES = 6
SEA = -9999
CLIMATE = ("temperature", "temperature_range", "rain", "rain_seasonality")

Cell = tuple[int, int]
Field = Callable[[float, float], float]


class Landscape(NamedTuple):
    """An island: the cells of its land, and each layer's number at each of them."""

    land: list[Cell]
    layers: dict[str, dict[Cell, int]]

    def raster(self, name: str) -> Raster:
        """Give a layer with the sea around it."""
        values = self.layers[name]
        rows = [[values.get((row, column), SEA) for column in range(WIDTH)] for row in range(HEIGHT)]
        return Raster(WEST, NORTH, PIXEL, rows, SEA)


def centre(cell: Cell) -> tuple[float, float]:
    """Give the longitude and latitude of a cell's centre."""
    row, column = cell
    return WEST + (column + 0.5) * PIXEL, NORTH - (row + 0.5) * PIXEL


def make_landscape(seed: int) -> Landscape:
    """Make an island; equal seeds give equal islands."""
    chance = random.Random(seed)
    fields = {name: _smooth(chance) for name in ("coast", *CLIMATE)}
    cells = [(row, column) for row in range(HEIGHT) for column in range(WIDTH)]
    land = [cell for cell in cells if _height(cell) + 0.25 * fields["coast"](*_unit(cell)) > 0]
    layers = {name: {cell: _climate(name, cell, fields[name]) for cell in land} for name in CLIMATE}
    layers["ecoregions"] = {cell: _ecoregion(layers, cell) for cell in land}
    return Landscape(land, layers)


def _unit(cell: Cell) -> tuple[float, float]:
    return cell[0] / HEIGHT, cell[1] / WIDTH


def _height(cell: Cell) -> float:
    south, east = _unit(cell)
    return 0.85 - math.hypot((south - 0.5) * 2, (east - 0.5) * 2)


def _smooth(chance: random.Random) -> Field:
    """Give a field that varies smoothly between about -1 and 1."""
    waves = [(chance.uniform(1, 9), chance.uniform(1, 9), chance.uniform(0, 2 * math.pi)) for _ in range(WAVES)]

    def field(south: float, east: float) -> float:
        return sum(math.cos(down * south + right * east + phase) for down, right, phase in waves) / WAVES * 1.5

    return field


def _climate(name: str, cell: Cell, field: Field) -> int:
    """Give a layer's number: tenths of degrees, millimetres, or percent."""
    south, east = _unit(cell)
    wobble = field(south, east)
    values = {
        "temperature": 40 + 220 * south + 60 * wobble,
        "temperature_range": 250 - 120 * _height(cell) + 60 * wobble,
        "rain": 1400 - 900 * east + 350 * wobble,
        "rain_seasonality": 20 + 50 * south + 20 * wobble,
    }
    return round(values[name])


def _ecoregion(layers: dict[str, dict[Cell, int]], cell: Cell) -> int:
    """Give one of nine regions: cold to warm, dry to wet."""
    warm = min(2, max(0, (layers["temperature"][cell] - 40) // 75))
    wet = min(2, max(0, (layers["rain"][cell] - 500) // 350))
    return 1 + 3 * warm + wet
