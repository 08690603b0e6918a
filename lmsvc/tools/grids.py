"""Grids of square sites, as build_grid writes them."""

from pathlib import Path
from typing import Any, NamedTuple

from osgeo import ogr

from lmsvc.tools.archives import is_zip, unzip_shapefile
from lmsvc.tools.rasters import Frame, epsg_text
from lmsvc.tools.toolkit import InputFile, ToolError

ogr.UseExceptions()


class Grid(NamedTuple):
    """A grid.

    Attributes:
        path: the shapefile.
        sites: ``[id, x, y]`` of each site, x and y of its centre.
        frame: a raster frame with one pixel per site.
    """

    path: Path
    sites: list[list[Any]]
    frame: Frame

    @property
    def cell(self) -> float:
        """The side of a site, in map units."""
        return float(self.frame.transform[1])

    def finer(self, factor: int) -> Frame:
        """Give a frame with ``factor`` times ``factor`` pixels per site."""
        west, side, _, north, _, _ = self.frame.transform
        transform = (west, side / factor, 0.0, north, 0.0, -side / factor)
        return Frame(self.frame.width * factor, self.frame.height * factor, transform, self.frame.projection)


def read_grid(source: InputFile) -> Grid:
    """Read a zipped shapefile of sites.

    Raises:
        ToolError: it is none, or it has no sites.
    """
    if not is_zip(source):
        raise ToolError(f"{source.basename} is not a zipped shapefile; make the grid with build_grid")
    path = unzip_shapefile(source, Path("grid"))
    dataset = ogr.Open(str(path))
    layer = dataset.GetLayer()
    if layer.GetFeatureCount() == 0:
        raise ToolError(f"the grid {source.basename} has no sites")
    sites, side = [], 0.0
    for feature in layer:
        west, east, south, north = feature.GetGeometryRef().GetEnvelope()
        side = side or east - west
        sites.append([feature.GetFID(), (west + east) / 2, (south + north) / 2])
    return Grid(path, sites, _frame(layer, side))


def _frame(layer: ogr.Layer, side: float) -> Frame:
    west, east, south, north = layer.GetExtent()
    system = layer.GetSpatialRef()
    projection = system.ExportToWkt() if system else epsg_text(4326)
    width, height = round((east - west) / side), round((north - south) / side)
    return Frame(width, height, (west, side, 0.0, north, 0.0, -side), projection)
