"""Darwin Core archives: a zip with ``meta.xml`` that says which member holds the occurrence records, and how."""

import csv
import io
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from lmsvc.tools.toolkit import ToolError

NAMESPACE = "{http://rs.tdwg.org/dwc/text/}"
OCCURRENCE = "http://rs.tdwg.org/dwc/terms/occurrence"


class Core(NamedTuple):
    """Where the occurrence records of an archive are and how they are written.

    Attributes:
        indexes: per column its place in a record, or None where only a default is given.
        defaults: per column the value of records that have none.
    """

    member: str
    encoding: str
    delimiter: str
    quote: str
    header_lines: int
    columns: list[str]
    indexes: list[int | None]
    defaults: list[str]


def read_core(archive: zipfile.ZipFile) -> Core:
    """Read ``meta.xml``.

    Raises:
        ToolError: there is none, or it describes no occurrence records.
    """
    try:
        meta = ET.fromstring(archive.read("meta.xml"))
    except (KeyError, ET.ParseError) as error:
        raise ToolError(f"the zip file is not a Darwin Core archive: meta.xml: {error}") from error
    for element in meta:
        if element.get("rowType", "").casefold() == OCCURRENCE:
            return _core(element)
    raise ToolError("the Darwin Core archive holds no occurrence records")


def _core(element: ET.Element) -> Core:
    fields = [field for field in element.iter(f"{NAMESPACE}field") if field.get("term")]
    location = element.findtext(f"{NAMESPACE}files/{NAMESPACE}location")
    if not location:
        raise ToolError("meta.xml of the Darwin Core archive does not name the file with the records")
    return Core(
        member=location.strip(),
        encoding=element.get("encoding", "utf-8"),
        delimiter=_unescape(element.get("fieldsTerminatedBy", ",")),
        quote=_unescape(element.get("fieldsEnclosedBy", '"')),
        header_lines=int(element.get("ignoreHeaderLines", "0")),
        columns=[field.get("term", "").rpartition("/")[2] for field in fields],
        indexes=[int(field.get("index", "")) if field.get("index") else None for field in fields],
        defaults=[field.get("default", "") for field in fields],
    )


def _unescape(text: str) -> str:
    return text.replace("\\t", "\t").replace("\\n", "\n").replace("&quot;", '"')


@contextmanager
def open_core(archive: zipfile.ZipFile, core: Core) -> Iterator[Iterator[list[str]]]:
    """Open the records, each in the order of ``core.columns``."""
    try:
        member = archive.open(core.member)
    except KeyError as error:
        raise ToolError(f"the Darwin Core archive lacks its own file {core.member}") from error
    with member, io.TextIOWrapper(member, encoding=core.encoding, newline="") as lines:
        yield read_records(lines, core)


def read_records(lines: Iterable[str], core: Core) -> Iterator[list[str]]:
    """Give the records among some lines of the core's member, each in the order of ``core.columns``."""
    if core.quote:
        rows = csv.reader(lines, delimiter=core.delimiter, quotechar=core.quote)
    else:
        rows = csv.reader(lines, delimiter=core.delimiter, quoting=csv.QUOTE_NONE)
    for _ in range(core.header_lines):
        next(rows, None)
    yield from (_in_order(row, core) for row in rows if row)


def _in_order(row: list[str], core: Core) -> list[str]:
    places = zip(core.indexes, core.defaults, strict=True)
    return [(row[place] if place is not None and place < len(row) else "") or default for place, default in places]
