"""Write a GeoTIFF with the standard library alone: one band of 16-bit numbers in longitude and latitude."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

SHORT, LONG, DOUBLE, ASCII = 3, 4, 12, 2
CODES = {ASCII: "B", SHORT: "H", LONG: "I", DOUBLE: "d"}
DEFLATE, SIGNED = 8, 2
WGS84_KEYS = (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)
Entry = tuple[int, int, Sequence[float]]
HEADER_BYTES, INLINE_BYTES, ENTRY_BYTES = 8, 4, 12


class Raster(NamedTuple):
    """A raster.

    Attributes:
        west, north: the corner, in degrees.
        pixel: the side of a pixel, in degrees.
        rows: whole numbers from -32768 to 32767, from north to south.
        no_data: the number that means there is none.
        unit: of the numbers, which maps show; empty where there is none to name.
    """

    west: float
    north: float
    pixel: float
    rows: Sequence[Sequence[int]]
    no_data: int = -9999
    unit: str = ""


def write_geotiff(path: Path, raster: Raster) -> None:
    """Write a raster; equal rasters give equal bytes."""
    height, width = len(raster.rows), len(raster.rows[0])
    pixels = zlib.compress(b"".join(struct.pack(f"<{width}h", *row) for row in raster.rows), 9)
    entries: list[Entry] = [
        (256, LONG, [width]),
        (257, LONG, [height]),
        (258, SHORT, [16]),
        (259, SHORT, [DEFLATE]),
        (262, SHORT, [1]),
        (273, LONG, [HEADER_BYTES]),
        (277, SHORT, [1]),
        (278, LONG, [height]),
        (279, LONG, [len(pixels)]),
        (339, SHORT, [SIGNED]),
        (33550, DOUBLE, [raster.pixel, raster.pixel, 0.0]),
        (33922, DOUBLE, [0.0, 0.0, 0.0, raster.west, raster.north, 0.0]),
        (34735, SHORT, list(WGS84_KEYS)),
        *_metadata(raster.unit),
        (42113, ASCII, list(f"{raster.no_data}\0".encode())),
    ]
    start = HEADER_BYTES + len(pixels) + len(pixels) % 2
    padding = b"\0" * (len(pixels) % 2)
    path.write_bytes(struct.pack("<2sHI", b"II", 42, start) + pixels + padding + _directory(entries, start))


def _metadata(unit: str) -> list[Entry]:
    """Name the unit as GDAL does."""
    item = f'<Item name="UNITTYPE" sample="0" role="unittype">{escape(unit)}</Item>'
    text = f"<GDALMetadata>{item}</GDALMetadata>\0"
    return [(42112, ASCII, list(text.encode()))] if unit else []


def _directory(entries: Sequence[Entry], start: int) -> bytes:
    fixed, extra = struct.pack("<H", len(entries)), b""
    behind = start + 2 + ENTRY_BYTES * len(entries) + 4
    for tag, kind, values in entries:
        packed = struct.pack(f"<{len(values)}{CODES[kind]}", *values)
        fixed += struct.pack("<HHI", tag, kind, len(values))
        if len(packed) <= INLINE_BYTES:
            fixed += packed.ljust(INLINE_BYTES, b"\0")
        else:
            fixed += struct.pack("<I", behind + len(extra))
            extra += packed + b"\0" * (len(packed) % 2)
    return fixed + struct.pack("<I", 0) + extra
