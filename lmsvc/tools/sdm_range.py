"""Range models of species with few records: a hull around them, cut to their ecoregions where those are known."""

from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal, ogr

from lmsvc.tools.rasters import Frame, epsg_text, frame_of, open_raster, warp
from lmsvc.tools.sdm_data import Presences
from lmsvc.tools.tables import write_rows
from lmsvc.tools.toolkit import InputFile, ToolError
from lmsvc.tools.upstream import run_configured

PRESENT = 100
SEGMENTS_PER_QUARTER = 30
ogr.UseExceptions()


def hull_range(presences: Presences, buffer: float) -> Any:
    """Give 100 inside the buffered convex hull of the records, 0 outside, NaN where layers have no data.

    Args:
        presences: the records.
        buffer: distance around the hull, in map units.
    """
    points = ogr.Geometry(ogr.wkbMultiPoint)
    for x, y in presences.places:
        point = ogr.Geometry(ogr.wkbPoint)
        point.AddPoint_2D(x, y)
        points.AddGeometry(point)
    area = points.ConvexHull().Buffer(buffer, SEGMENTS_PER_QUARTER)
    return np.where(presences.valid, _burn(area, presences.frame), np.nan)


def _burn(area: Any, frame: Frame) -> Any:
    raster = gdal.GetDriverByName("MEM").Create("", frame.width, frame.height, 1, gdal.GDT_Byte)
    raster.SetGeoTransform(frame.transform)
    raster.SetProjection(frame.projection)
    memory = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = memory.CreateLayer("hull")
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(area)
    layer.CreateFeature(feature)
    gdal.RasterizeLayer(raster, [1], layer, burn_values=[PRESENT], options=["ALL_TOUCHED=TRUE"])
    return raster.ReadAsArray().astype(float)


def ecoregion_range(presences: Presences, ecoregions: InputFile) -> Any:
    """Give lmpy's rare-species model: the hull cut to the ecoregions of the records.

    Raises:
        ToolError: no record lies on the ecoregions.
    """
    regions = open_raster(ecoregions)
    frame = frame_of(regions)
    missing = regions.GetRasterBand(1).GetNoDataValue()
    values = regions.GetRasterBand(1).ReadAsArray()
    known = [(place, frame.cell(*place)) for place in presences.places]
    inside = [place for place, cell in known if cell is not None and values[cell] != missing]
    if not inside:
        raise ToolError("no record lies on the ecoregions")
    write_rows(Path("rare_points.csv"), [("species_name", "x", "y"), *(("Taxon", x, y) for x, y in inside)])
    run_configured(
        "create_rare_species_model",
        {
            "species_column": "species_name",
            "x_column": "x",
            "y_column": "y",
            "burn_value": PRESENT,
            "nodata_value": 0,
            "output_format": "AAIGrid",
            "point_csv_filename": "rare_points.csv",
            "ecoregions_filename": str(_with_projection(ecoregions, frame)),
            "model_raster_filename": "rare_model.asc",
        },
    )
    model = gdal.Open("rare_model.asc").ReadAsArray()
    return np.where(presences.valid, _on_frame(model, frame, presences.frame), np.nan)


def _with_projection(ecoregions: InputFile, frame: Frame) -> Path:
    """Give a copy that names its EPSG code, without which lmpy's program stops."""
    path = Path("ecoregions.tif")
    dataset = gdal.GetDriverByName("GTiff").CreateCopy(str(path), open_raster(ecoregions))
    if 'AUTHORITY["EPSG"' not in frame.projection.replace(" ", ""):
        dataset.SetProjection(epsg_text(4326))
    dataset.SetProjection(dataset.GetProjection() or epsg_text(4326))
    dataset.FlushCache()
    return path


def _on_frame(model: Any, own: Frame, target: Frame) -> Any:
    raster = gdal.GetDriverByName("MEM").Create("", own.width, own.height, 1, gdal.GDT_Byte)
    raster.SetGeoTransform(own.transform)
    raster.SetProjection(own.projection)
    raster.GetRasterBand(1).WriteArray(np.clip(model, 0, PRESENT).astype(np.uint8))
    raster.GetRasterBand(1).SetNoDataValue(255)
    return np.nan_to_num(warp(raster, target).ReadAsArray().astype(float))
