"""Build a grid of square sites as a zipped shapefile."""

import math
from pathlib import Path

from lmsvc.tools.archives import zip_shapefile
from lmsvc.tools.tables import keys_of, read_coordinates
from lmsvc.tools.toolkit import Inputs, Outputs, Skipped, ToolError, load, output_file, run_tool
from lmsvc.tools.upstream import run_program

Bounds = tuple[float, float, float, float]
WORLD: Bounds = (-180.0, -90.0, 180.0, 90.0)
MOST_SITES = 2_000_000
ROUNDING = 1e-9


def chosen_bounds(inputs: Inputs) -> Bounds:
    """Give the box of the job: its numbers where given, else its layer's, its points', the world's."""
    west, south, east, north = default_bounds(inputs)
    numbers = (inputs.optional_number(side) for side in ("min_x", "min_y", "max_x", "max_y"))
    west, south, east, north = (
        default if number is None else number
        for number, default in zip(numbers, (west, south, east, north), strict=True)
    )
    if not (west < east and south < north):
        raise ToolError(f"the grid has no area: min_x {west}, min_y {south}, max_x {east}, max_y {north}")
    return west, south, east, north


def default_bounds(inputs: Inputs) -> Bounds:
    """Give the box of the layer or points of the job."""
    if layer := inputs.optional_file("layer"):
        rasters = load("lmsvc.tools.rasters")
        west, south, east, north = rasters.frame_of(rasters.open_raster(layer)).bounds
        return west, south, east, north
    if points := inputs.optional_file("points"):
        places = read_coordinates(points, keys_of(inputs))
        if not places:
            raise Skipped("no points to lay a grid around")
        return around([x for x, _ in places], [y for _, y in places], inputs.number("cell_size"))
    return WORLD


def around(xs: list[float], ys: list[float], cell: float) -> Bounds:
    """Give the box of whole cells that holds all points."""
    return (
        math.floor(min(xs) / cell) * cell,
        math.floor(min(ys) / cell) * cell,
        (math.floor(max(xs) / cell) + 1) * cell,
        (math.floor(max(ys) / cell) + 1) * cell,
    )


def cells_between(low: float, high: float, cell: float) -> int:
    """Give how many cells cover a stretch."""
    return math.ceil((high - low) / cell - ROUNDING)


def tool(inputs: Inputs) -> Outputs:
    """Build the grid, from its north-western corner."""
    cell = inputs.number("cell_size")
    if cell <= 0:
        raise ToolError(f"cell_size must be above 0, not {cell}")
    west, south, east, north = chosen_bounds(inputs)
    columns, rows = cells_between(west, east, cell), cells_between(south, north, cell)
    if columns * rows > MOST_SITES:
        raise ToolError(f"{columns} x {rows} sites are more than {MOST_SITES:,}: choose larger cells or a smaller box")
    # Half a cell short, so that no rounding adds a row or column at the far side.
    last_x, last_y = west + (columns - 0.5) * cell, north - (rows - 0.5) * cell
    run_program("build_grid", ["grid.shp", west, last_y, last_x, north, cell, inputs.integer("epsg")])
    zip_shapefile(Path("grid.shp"), Path("grid.zip"))
    return {"grid": output_file("grid.zip"), "sites": columns * rows}


if __name__ == "__main__":
    run_tool(tool)
