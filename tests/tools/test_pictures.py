"""Pictures and conversions."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.matrices import Table, make_matrix, make_pam
from tests.tools.running import Outputs, ToolFailed, write_csv

Run = Callable[..., Outputs]
Read = Callable[[Any], Table]


def size(picture: Path) -> tuple[int, int]:
    """Give width and height of a PNG."""
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_heat_map(run: Run, tmp_path: Path) -> None:
    """A statistic is drawn, the same bytes each time, whatever the title holds."""
    pam = make_pam(["alpha", "b"], ["10", "01", "11"], tmp_path)
    one, other = (run("create_stat_heatmap", matrix=pam, title="Ω $x_1 & 'y'$; %s") for _ in range(2))
    assert size(one.path("plot")) == (1080, 720)
    assert one.path("plot").read_bytes() == other.path("plot").read_bytes()


def test_unknown_statistic_is_named(run: Run, tmp_path: Path) -> None:
    """A statistic that is not there is named together with those that are; so are unknown colours."""
    pam = make_pam(["alpha", "b"], ["10", "01"], tmp_path)
    with pytest.raises(ToolFailed, match="no column 'beta'; it has: alpha, b"):
        run("create_stat_heatmap", matrix=pam, statistic="beta")
    with pytest.raises(ToolFailed, match="unknown colour map 'pinkish'"):
        run("create_stat_heatmap", matrix=pam, colours="pinkish")


def test_scatter_and_points(run: Run, tmp_path: Path) -> None:
    """Two columns are drawn against each other, and records on a map; none is skipped."""
    pam = make_pam(["alpha", "phi"], ["10", "01"], tmp_path)
    assert size(run("create_scatter_plot", matrix=pam).path("plot")) == (1080, 720)
    records = write_csv(tmp_path / "p.csv", [["species", "x", "y"], ["a", 1, 1], ["a", 4.5, 2]])
    assert size(run("create_point_heatmap", points=records).path("plot")) == (1080, 720)
    nothing = write_csv(tmp_path / "none.csv", [["species", "x", "y"], ["a", "", ""]])
    assert run("create_point_heatmap", points=nothing).skipped == "no occurrence records with coordinates to draw"


def test_geojson(run: Run, tmp_path: Path) -> None:
    """Sites become squares with properties; undefined values are null and chosen values left out."""
    lines: list[list[object]] = [["site", "x", "y", "a, b", "c"], [4, 0.5, 0.5, 2, ""], [7, 1.5, 0.5, 0, 0]]
    with (tmp_path / "t.csv").open("w") as out:
        out.write("\n".join(",".join(f'"{field}"' for field in line) for line in lines) + "\n")
    table = write_csv(tmp_path / "u.csv", [])
    table["path"] = str(tmp_path / "t.csv")
    matrix = run("convert_csv_to_lmm", table=table).values["matrix"]
    features = json.loads(run("convert_lmm_to_geojson", matrix=matrix, omit_values=[0]).path("geojson").read_text())[
        "features"
    ]
    assert [feature["id"] for feature in features] == [4]
    assert features[0]["properties"] == {"a, b": 2.0, "c": None}
    assert features[0]["geometry"]["coordinates"][0][0] == [0.0, 0.0]


def test_csv_there_and_back(run: Run, read: Read, tmp_path: Path) -> None:
    """A matrix survives the way through CSV; one row and odd names do too."""
    matrix = make_matrix([["name", "$(a)", "b;c"], ["only row", 1.5, ""]], tmp_path)
    table = run("convert_lmm_to_csv", matrix=matrix).values["table"]
    again = run("convert_csv_to_lmm", table=table)
    assert again.path("matrix").read_bytes() == Path(matrix["path"]).read_bytes()


def test_tables_that_are_none(run: Run, tmp_path: Path) -> None:
    """Text where numbers belong and ragged lines are refused; a header alone is skipped."""
    with pytest.raises(ToolFailed, match="'x' is not a number"):
        run("convert_csv_to_lmm", table=write_csv(tmp_path / "a.csv", [["n", "v"], ["r", "x"]]))
    with pytest.raises(ToolFailed, match="do not all have as many fields"):
        run("convert_csv_to_lmm", table=write_csv(tmp_path / "b.csv", [["n", "v"], ["r", 1, 2]]))
    assert run("convert_csv_to_lmm", table=write_csv(tmp_path / "c.csv", [["n", "v"]])).skipped
