"""The content of a GeoTIFF: its shape, where it lies, its cells. Software names, dates and layout are left out.

Reads what GDAL writes for rasters of models: classic little- or big-endian TIFF, strips or tiles, uncompressed or
Deflate, no predictor. Anything else is a `TiffError`. Source of the layout: TIFF 6.0, GeoTIFF 1.1.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d"}
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES, _PREDICTOR, _FORMAT = 256, 257, 258, 259, 277, 317, 339
_STRIP_OFFSETS, _STRIP_SIZES, _TILE_OFFSETS, _TILE_SIZES = 273, 279, 324, 325
# Size, bits, samples, sample format, tile shape, pixel scale, tie points, transformation, geo keys, nodata.
_CONTENT_TAGS = (_WIDTH, _HEIGHT, _BITS, _SAMPLES, _FORMAT, 322, 323, 33550, 33922, 34264, 34735, 34736, 34737, 42113)
_DOUBLES = (3, 64)


class TiffError(ValueError):
    """Not a TIFF this module reads."""


@dataclass(frozen=True)
class _Tiff:
    data: bytes
    order: str
    tags: dict[int, tuple[int, int, bytes]]

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Return the values of a numeric tag, empty where it is absent."""
        if tag not in self.tags:
            return ()
        kind, count, raw = self.tags[tag]
        if kind not in _CODES:
            raise TiffError(f"tag {tag} is not numeric")
        return struct.unpack(f"{self.order}{count}{_CODES[kind]}", raw)

    def number(self, tag: int, default: int) -> int:
        """Return the first value of a tag."""
        values = self.numbers(tag)
        return int(values[0]) if values else default


def tiff_content(data: bytes) -> Iterator[bytes]:
    """Yield the content of a GeoTIFF as bytes to be hashed; doubles rounded to 9 significant digits."""
    tiff = _open(data)
    for tag in _CONTENT_TAGS:
        if tag in tiff.tags:
            yield f"{tag}:".encode() + tiff.tags[tag][2]
    doubles = (tiff.number(_FORMAT, 1), tiff.number(_BITS, 1)) == _DOUBLES
    for block in _blocks(tiff):
        yield _rounded_cells(block, f"{tiff.order}d") if doubles else block


def _open(data: bytes) -> _Tiff:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        raise TiffError("not a classic TIFF")
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, start)
    entries = (struct.unpack_from(f"{order}HHI4s", data, start + 2 + 12 * i) for i in range(count))
    return _Tiff(data, order, {tag: (kind, n, _raw(data, order, kind, n, value)) for tag, kind, n, value in entries})


def _raw(data: bytes, order: str, kind: int, count: int, value: bytes) -> bytes:
    size = _SIZES.get(kind, 0) * count
    if size <= 4:
        return value[:size]
    (offset,) = struct.unpack(f"{order}I", value)
    return data[offset : offset + size]


def _blocks(tiff: _Tiff) -> Iterator[bytes]:
    compression = tiff.number(_COMPRESSION, 1)
    if compression not in (1, 8, 32946) or tiff.number(_PREDICTOR, 1) != 1:
        raise TiffError("compression or predictor that is not read here")
    offsets = tiff.numbers(_STRIP_OFFSETS) or tiff.numbers(_TILE_OFFSETS)
    sizes = tiff.numbers(_STRIP_SIZES) or tiff.numbers(_TILE_SIZES)
    for offset, size in zip(offsets, sizes, strict=True):
        block = tiff.data[int(offset) : int(offset) + int(size)]
        yield zlib.decompress(block) if compression != 1 else block


def _rounded_cells(block: bytes, code: str) -> bytes:
    return b" ".join(f"{value:.9g}".encode() for (value,) in struct.iter_unpack(code, block))
