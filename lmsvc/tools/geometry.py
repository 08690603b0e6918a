"""Geometry through GDAL: areas in well-known text, and changes of map projection."""

from collections.abc import Callable, Sequence
from types import ModuleType

from lmsvc.tools.toolkit import ToolError, load

Test = Callable[[float, float], bool]


def _gdal(module: str) -> ModuleType:
    found = load(f"osgeo.{module}")
    found.UseExceptions()
    return found


def within(texts: Sequence[str]) -> Test:
    """Give the test whether a place lies in one of the areas, borders included."""
    ogr = _gdal("ogr")
    try:
        areas = [ogr.CreateGeometryFromWkt(text) for text in texts]
    except RuntimeError as error:
        raise ToolError(f"geometry_wkts is not well-known text: {error}") from error

    def test(x: float, y: float) -> bool:
        point = ogr.Geometry(ogr.wkbPoint)
        point.AddPoint_2D(x, y)
        return any(area.Intersects(point) for area in areas)

    return test


def outside_of(texts: Sequence[str]) -> Test:
    """Give the test whether a place lies in none of the areas."""
    test = within(texts)
    return lambda x, y: not test(x, y)


def transformer(source_epsg: int, target_epsg: int) -> Callable[[float, float], tuple[float, float]]:
    """Give the conversion of (x, y), x always the easting, between two projections."""
    osr = _gdal("osr")
    systems = []
    for code in (source_epsg, target_epsg):
        system = osr.SpatialReference()
        try:
            system.ImportFromEPSG(code)
        except RuntimeError as error:
            raise ToolError(f"unknown EPSG code {code}") from error
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        systems.append(system)
    change = osr.CoordinateTransformation(*systems)
    return lambda x, y: tuple(change.TransformPoint(x, y)[:2])
