"""Looking at a published file without downloading it: tables, texts and pictures here, maps by a script."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Literal

from lmsvc.tools.tables import delimiter_of

Kind = Literal["table", "text", "picture", "raster", "features", "none"]

SHOWN_BYTES = 64_000
SHOWN_ROWS = 40
SHOWN_COLUMNS = 30

_KINDS: dict[str, Kind] = {
    **dict.fromkeys((".csv", ".tsv"), "table"),
    **dict.fromkeys((".txt", ".log", ".json", ".nex", ".tre", ".nwk", ".newick", ".md", ".asc", ".xml"), "text"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"), "picture"),
    **dict.fromkeys((".tif", ".tiff"), "raster"),
    ".geojson": "features",
}


@dataclass(frozen=True)
class Preview:
    """The beginning of a file as it can be shown.

    Attributes:
        kind: how it is shown.
        header: names of a table's columns.
        rows: its first rows, each as long as the header at most.
        text: of a text.
        cut: whether there is more of it.
    """

    kind: Kind
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    text: str = ""
    cut: bool = False


def kind_of(path: str) -> Kind:
    """Return how a file can be shown, by its name."""
    return _KINDS.get(PurePosixPath(path).suffix.lower(), "none")


def preview(path: str, stream: IO[bytes]) -> Preview:
    """Return what can be shown of a file."""
    kind = kind_of(path)
    if kind not in ("table", "text"):
        return Preview(kind)
    content = stream.read(SHOWN_BYTES + 1)
    cut, text = len(content) > SHOWN_BYTES, content[:SHOWN_BYTES].decode(errors="replace")
    return _table(text, cut) if kind == "table" else Preview("text", text=_readable(path, text, cut), cut=cut)


def _readable(path: str, text: str, cut: bool) -> str:
    """Return a text, JSON with its lines broken."""
    if cut or not path.endswith(".json"):
        return text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


def _table(text: str, cut: bool) -> Preview:
    lines = text.rpartition("\n")[0] if cut else text
    delimiter = delimiter_of(lines.partition("\n")[0])
    reader = csv.reader(io.StringIO(lines.removeprefix("\ufeff")), delimiter=delimiter)
    rows = [tuple(row[:SHOWN_COLUMNS]) for row in reader]
    if not rows:
        return Preview("text", text=text, cut=cut)
    return Preview("table", rows[0], tuple(rows[1 : SHOWN_ROWS + 1]), cut=cut or len(rows) > SHOWN_ROWS + 1)
