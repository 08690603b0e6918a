"""Zip files: shapefiles travel as one, and equal content gives equal bytes."""

import zipfile
from pathlib import Path

from lmsvc.tools.toolkit import InputFile, ToolError

FIXED_DATE = (1980, 1, 1, 0, 0, 0)
SHAPEFILE_ENDINGS = (".shp", ".shx", ".dbf", ".prj")
DBF_DATE = bytes([95, 1, 1])


def write_member(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a member with a fixed date."""
    info = zipfile.ZipInfo(name, FIXED_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, content)


def zip_shapefile(shapefile: Path, target: Path) -> None:
    """Put the files of a shapefile into one zip, without the date of today that a .dbf carries."""
    with zipfile.ZipFile(target, "w") as archive:
        for ending in SHAPEFILE_ENDINGS:
            part = shapefile.with_suffix(ending)
            if part.exists():
                content = part.read_bytes()
                fixed = content[:1] + DBF_DATE + content[4:] if ending == ".dbf" else content
                write_member(archive, part.name, fixed)


def unzip_shapefile(source: InputFile, directory: Path) -> Path:
    """Take the one shapefile out of a zip, whatever its members are called, and give its path.

    Raises:
        ToolError: the zip does not hold exactly one shapefile.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(source.path) as archive:
        wanted = [name for name in archive.namelist() if Path(name).suffix.lower() in SHAPEFILE_ENDINGS]
        if sum(name.lower().endswith(".shp") for name in wanted) != 1:
            raise ToolError(f"{source.basename} must be a zip with exactly one shapefile (.shp, .shx, .dbf, .prj)")
        for name in wanted:
            (directory / f"shape{Path(name).suffix.lower()}").write_bytes(archive.read(name))
    return directory / "shape.shp"


def is_zip(source: InputFile) -> bool:
    """Say whether a file is a zip, by its content."""
    return zipfile.is_zipfile(source.path)
