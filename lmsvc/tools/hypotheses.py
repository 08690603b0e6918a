"""Biogeographic hypotheses as columns of contrasts, which lmpy's own encoder leaves to chance and to one class.

A layer with two classes becomes one column: -1 in the first, 1 in the second, 0 elsewhere. A layer with any other
number of classes becomes a column per class: 1 in the class, -1 in another, 0 where there is none.
"""

from pathlib import Path

import numpy as np
from osgeo import ogr

from lmsvc.tools.archives import is_zip, unzip_shapefile
from lmsvc.tools.grids import Grid
from lmsvc.tools.matrices import Matrix
from lmsvc.tools.rasters import burn, open_raster, values_of, warp
from lmsvc.tools.toolkit import InputFile, ToolError

PIXELS_PER_SIDE = 10
NOTHING = -1


def encode_hypotheses(
    sources: list[InputFile], labels: list[str], grid: Grid, attribute: str | None, min_coverage: float
) -> Matrix:
    """Encode layers: sites in rows, contrasts in columns.

    Args:
        sources: rasters of classes, or zipped shapefiles.
        labels: the layers' names.
        grid: the sites.
        attribute: the field of the shapefiles that tells classes apart; None makes each one class.
        min_coverage: percentage of a site that a class must cover at least.
    """
    columns, headers = [], []
    for number, (source, label) in enumerate(zip(sources, labels, strict=True)):
        classes, pixels = _classes(source, grid, attribute, number)
        winners = _largest(pixels, len(classes), grid, min_coverage)
        contrasts = _contrasts(winners, len(classes))
        columns.append(contrasts)
        names = [label] if contrasts.shape[1] == 1 else [f"{label}: {name}" for name in classes]
        headers.extend(names)
    return Matrix(np.concatenate(columns, axis=1), [grid.sites, headers])


def _classes(source: InputFile, grid: Grid, attribute: str | None, number: int) -> tuple[list[str], np.ndarray]:
    frame = grid.finer(PIXELS_PER_SIDE)
    if is_zip(source):
        return _vector_classes(unzip_shapefile(source, Path(f"layers/{number}")), grid, attribute)
    values = values_of(warp(open_raster(source), frame))
    found = np.unique(values[~np.isnan(values)])
    if len(found) == 0 or len(found) > 100:
        raise ToolError(f"{source.basename} has {len(found)} classes where it meets the grid; 1 to 100 make sense")
    pixels = np.where(np.isnan(values), NOTHING, np.searchsorted(found, np.nan_to_num(values)))
    return [f"{value:g}" for value in found], pixels


def _vector_classes(path: Path, grid: Grid, attribute: str | None) -> tuple[list[str], np.ndarray]:
    dataset = ogr.Open(str(path))
    layer = dataset.GetLayer()
    if attribute is not None and layer.GetLayerDefn().GetFieldIndex(attribute) < 0:
        raise ToolError(f"the shapefile has no field '{attribute}'")
    shapes: dict[str, list[ogr.Geometry]] = {}
    for feature in layer:
        name = "inside" if attribute is None else str(feature.GetField(attribute))
        shapes.setdefault(name, []).append(feature.GetGeometryRef().Clone())
    frame = grid.finer(PIXELS_PER_SIDE)
    pixels = np.full((frame.height, frame.width), NOTHING)
    names = sorted(shapes)
    for number, name in enumerate(names):
        pixels[burn(shapes[name], frame)] = number
    return names, pixels


def _largest(pixels: np.ndarray, classes: int, grid: Grid, min_coverage: float) -> np.ndarray:
    height, width = grid.frame.height, grid.frame.width
    blocks = pixels.reshape(height, PIXELS_PER_SIDE, width, PIXELS_PER_SIDE)
    counts = np.stack([(blocks == number).sum(axis=(1, 3)) for number in range(classes)])
    covered = counts.max(axis=0) >= max(min_coverage / 100 * PIXELS_PER_SIDE**2, 1)
    winners = np.where(covered, counts.argmax(axis=0), NOTHING)
    places = [grid.frame.cell(x, y) for _, x, y in grid.sites]
    return np.array([NOTHING if place is None else winners[place] for place in places])


def _contrasts(winners: np.ndarray, classes: int) -> np.ndarray:
    if classes == 2:
        return np.select([winners == 0, winners == 1], [-1.0, 1.0], 0.0).reshape(-1, 1)
    columns = [np.select([winners == number, winners != NOTHING], [1.0, -1.0], 0.0) for number in range(classes)]
    return np.stack(columns, axis=1)
