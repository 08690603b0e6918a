"""Raster layers through GDAL, all on one frame."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from osgeo import gdal, ogr, osr

from lmsvc.tools.toolkit import InputFile, ToolError

gdal.UseExceptions()
ogr.UseExceptions()
osr.UseExceptions()
NO_DATA = 255
DEFLATE = ("COMPRESS=DEFLATE", "PREDICTOR=1")


class Frame(NamedTuple):
    """Where the pixels of a raster are.

    Attributes:
        transform: GDAL's six numbers (west, pixel width, 0, north, 0, minus pixel height).
        projection: the map projection as well-known text.
    """

    width: int
    height: int
    transform: tuple[float, ...]
    projection: str

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        west, pixel_x, _, north, _, pixel_y = self.transform
        return west, north + self.height * pixel_y, west + self.width * pixel_x, north

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """Give (row, column) of a place, or None outside."""
        west, pixel_x, _, north, _, pixel_y = self.transform
        column, row = int((x - west) // pixel_x), int((y - north) // pixel_y)
        return (row, column) if 0 <= row < self.height and 0 <= column < self.width else None


def open_raster(source: InputFile) -> gdal.Dataset:
    """Open a raster file.

    Raises:
        ToolError: GDAL cannot read it.
    """
    try:
        dataset = gdal.Open(str(source.path))
    except RuntimeError as error:
        raise ToolError(f"{source.basename} is not a raster GDAL can read: {error}") from error
    return dataset


def frame_of(dataset: gdal.Dataset) -> Frame:
    """Give the frame of an open raster; without a projection it is taken for longitude and latitude."""
    return Frame(
        dataset.RasterXSize, dataset.RasterYSize, dataset.GetGeoTransform(), dataset.GetProjection() or epsg_text(4326)
    )


def epsg_text(code: int) -> str:
    """Give the well-known text of an EPSG code.

    Raises:
        ToolError: there is no such code.
    """
    system = osr.SpatialReference()
    try:
        system.ImportFromEPSG(code)
    except RuntimeError as error:
        raise ToolError(f"unknown EPSG code {code}") from error
    return str(system.ExportToWkt())


def values_of(dataset: gdal.Dataset) -> np.ndarray:
    """Give the first band as floats, NaN where there is no data."""
    band = dataset.GetRasterBand(1)
    values = band.ReadAsArray().astype(float)
    missing = band.GetNoDataValue()
    if missing is not None:
        values[values == missing] = np.nan
    return values


def warp(dataset: gdal.Dataset, frame: Frame, method: str = "near") -> gdal.Dataset:
    """Bring a raster onto a frame, in memory; as it is where it has that frame."""
    if frame_of(dataset)[:3] == frame[:3]:
        return dataset
    return gdal.Warp(
        "",
        dataset,
        format="MEM",
        outputBounds=frame.bounds,
        width=frame.width,
        height=frame.height,
        dstSRS=frame.projection,
        srcSRS=dataset.GetProjection() or epsg_text(4326),
        resampleAlg=method,
        outputType=gdal.GDT_Float32,
        dstNodata=-3.0e38 if dataset.GetRasterBand(1).GetNoDataValue() is None else None,
    )


def read_stack(sources: Sequence[InputFile]) -> tuple[Frame, np.ndarray]:
    """Read layers as an array (layer, row, column) on the frame of the first."""
    datasets = [open_raster(source) for source in sources]
    frame = frame_of(datasets[0])
    return frame, np.stack([values_of(warp(dataset, frame)) for dataset in datasets])


def in_memory(frame: Frame, kind: int = gdal.GDT_Byte) -> gdal.Dataset:
    """Give an empty raster (of bytes, or another kind of GDAL's numbers) on a frame."""
    raster = gdal.GetDriverByName("MEM").Create("", frame.width, frame.height, 1, kind)
    raster.SetGeoTransform(frame.transform)
    raster.SetProjection(frame.projection)
    return raster


def burn(geometries: Sequence[ogr.Geometry], frame: Frame, *, all_touched: bool = False) -> np.ndarray:
    """Say for each pixel whether its centre (or with ``all_touched`` any of it) lies in one of the geometries."""
    raster = in_memory(frame)
    memory = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = memory.CreateLayer("shapes")
    for geometry in geometries:
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(geometry)
        layer.CreateFeature(feature)
    options = ["ALL_TOUCHED=TRUE"] if all_touched else []
    gdal.RasterizeLayer(raster, [1], layer, burn_values=[1], options=options)
    return raster.ReadAsArray() == 1


def write_percentages(path: Path | str, values: np.ndarray, frame: Frame) -> None:
    """Write numbers from 0 to 100 (NaN where there are none) as a GeoTIFF of bytes, the same bytes each time."""
    pixels = np.where(np.isnan(values), NO_DATA, np.clip(np.rint(values), 0, 100)).astype(np.uint8)
    driver = gdal.GetDriverByName("GTiff")
    dataset = driver.Create(str(path), frame.width, frame.height, 1, gdal.GDT_Byte, list(DEFLATE))
    dataset.SetGeoTransform(frame.transform)
    dataset.SetProjection(frame.projection)
    band = dataset.GetRasterBand(1)
    band.SetNoDataValue(NO_DATA)
    band.WriteArray(pixels)
    dataset.FlushCache()
