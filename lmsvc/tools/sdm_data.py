"""Where a species was seen and what the climate is there, on the frame of the first layer."""

from typing import NamedTuple

import numpy as np

from lmsvc.tools.rasters import Frame, read_stack
from lmsvc.tools.tables import keys_of, read_coordinates
from lmsvc.tools.toolkit import InputFile, Inputs, Skipped, ToolError

Cell = tuple[int, int]
Place = tuple[float, float]


class Presences(NamedTuple):
    """What a model is made from.

    Attributes:
        label: the species.
        layers: the names of the layers.
        frame, stack: their frame and their values (layer, row, column).
        valid: where all layers have data (row, column).
        places: (x, y) of the records inside the frame.
        cells: the different cells with data that hold records, in order.
    """

    label: str | None
    layers: list[str]
    frame: Frame
    stack: np.ndarray
    valid: np.ndarray
    places: list[Place]
    cells: list[Cell]


def read_presences(inputs: Inputs) -> Presences:
    """Read points and layers.

    Raises:
        Skipped: no record lies on the layers.
    """
    points, layers = inputs.file("points"), inputs.files("layers")
    if not layers:
        raise ToolError("no layers: give at least one raster")
    found = read_coordinates(points, keys_of(inputs))
    if not found:
        raise Skipped("no occurrence records with coordinates")
    frame, stack = read_stack(layers)
    presences = _locate(points, [layer.title for layer in layers], frame, stack, found)
    if not presences.places:
        raise Skipped(f"none of the {len(found)} occurrence records lies on the layers")
    return presences


def _locate(points: InputFile, names: list[str], frame: Frame, stack: np.ndarray, found: list[Place]) -> Presences:
    valid = ~np.isnan(stack).any(axis=0)
    located = [(place, frame.cell(*place)) for place in found]
    cells = sorted({cell for _, cell in located if cell is not None and valid[cell]})
    places = [place for place, cell in located if cell is not None]
    return Presences(points.label, names, frame, stack, valid, places, cells)
