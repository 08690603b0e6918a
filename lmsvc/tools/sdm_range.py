"""Range models of species with few records: a hull around them, cut to their ecoregions where those are known."""

from pathlib import Path

import numpy as np
from osgeo import gdal, ogr

from lmsvc.tools.rasters import Frame, burn, epsg_text, frame_of, in_memory, open_raster, warp
from lmsvc.tools.sdm_data import Presences
from lmsvc.tools.tables import write_rows
from lmsvc.tools.toolkit import InputFile, ToolError
from lmsvc.tools.upstream import run_configured

PRESENT = 100
SEGMENTS_PER_QUARTER = 30


def hull_range(presences: Presences, buffer: float) -> np.ndarray:
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
    inside = burn([area], presences.frame, all_touched=True)
    return np.where(presences.valid, PRESENT * inside, np.nan)


def ecoregion_range(presences: Presences, ecoregions: InputFile) -> np.ndarray:
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


def _on_frame(model: np.ndarray, own: Frame, target: Frame) -> np.ndarray:
    raster = in_memory(own)
    raster.GetRasterBand(1).WriteArray(np.clip(model, 0, PRESENT).astype(np.uint8))
    raster.GetRasterBand(1).SetNoDataValue(255)
    return np.nan_to_num(warp(raster, target).ReadAsArray().astype(float))
