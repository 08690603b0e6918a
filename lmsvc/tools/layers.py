"""Layers made ready for lmpy's encoder: names that are unique, files it can open, pixels no larger than a site."""

from pathlib import Path
from typing import NamedTuple

from osgeo import gdal

from lmsvc.tools.archives import is_zip, unzip_shapefile
from lmsvc.tools.grids import Grid
from lmsvc.tools.rasters import frame_of, open_raster, warp
from lmsvc.tools.toolkit import InputFile, ToolError

PIXELS_PER_SITE = 2


class Layer(NamedTuple):
    """A layer to encode: its column's name, its file, and the value that means no data (None: there is none)."""

    label: str
    path: Path
    no_data: float | None


def labels_of(sources: list[InputFile], chosen: list[str]) -> list[str]:
    """Give each layer's name: those chosen, else its label, else its file name.

    Raises:
        ToolError: two layers have one name, or the wrong number was chosen.
    """
    labels = chosen or [source.title for source in sources]
    if len(labels) != len(sources):
        raise ToolError(f"{len(sources)} layers but {len(labels)} labels")
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise ToolError(f"several layers are called {', '.join(twice)}; give labels")
    return labels


def prepare_layers(sources: list[InputFile], labels: list[str], grid: Grid) -> list[Layer]:
    """Make all layers ready."""
    return [_prepare(*pair, grid, number) for number, pair in enumerate(zip(sources, labels, strict=True))]


def _prepare(source: InputFile, label: str, grid: Grid, number: int) -> Layer:
    if is_zip(source):
        return Layer(label, unzip_shapefile(source, Path(f"layers/{number}")), None)
    dataset = open_raster(source)
    no_data = dataset.GetRasterBand(1).GetNoDataValue()
    if frame_of(dataset).transform[1] <= grid.cell:
        return Layer(label, source.path, no_data)
    path = Path(f"layers/{number}.tif")
    path.parent.mkdir(exist_ok=True)
    finer = warp(dataset, grid.finer(PIXELS_PER_SITE))
    gdal.GetDriverByName("GTiff").CreateCopy(str(path), finer)
    return Layer(label, path, finer.GetRasterBand(1).GetNoDataValue())
