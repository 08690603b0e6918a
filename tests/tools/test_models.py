"""Species models, grids and encoded layers on a small made-up island."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lmsvc.examples.geotiff import Raster, write_geotiff
from tests.tools.matrices import Table
from tests.tools.running import Outputs, ToolFailed, file, write_csv

Run = Callable[..., Outputs]
Read = Callable[[Any], Table]
SIDE = 20


def layer(path: Path, value: Callable[[int, int], int]) -> dict[str, Any]:
    """Write a layer of 20 x 20 pixels of one degree, west and south at 0; the first column has no data."""
    rows = [[-9999 if column == 0 else value(row, column) for column in range(SIDE)] for row in range(SIDE)]
    write_geotiff(path, Raster(0.0, 20.0, 1.0, rows))
    return file(path)


@pytest.fixture
def layers(tmp_path: Path) -> list[dict[str, Any]]:
    """Two layers: rising to the south, and rising to the east with a ripple."""
    return [
        layer(tmp_path / "south.tif", lambda row, _: 10 * row),
        layer(tmp_path / "east.tif", lambda row, column: 7 * column + row % 3),
    ]


@pytest.fixture
def ecoregions(tmp_path: Path) -> dict[str, Any]:
    """Two regions: west and east."""
    return layer(tmp_path / "regions.tif", lambda _, column: 1 if column < 10 else 2)


def points(path: Path, places: list[tuple[float, float]]) -> dict[str, Any]:
    """Write records of one species."""
    return {**write_csv(path, [["species", "x", "y"], *(["A b", x, y] for x, y in places)]), "label": "A b"}


def in_the_north(count: int) -> list[tuple[float, float]]:
    """Give places in the north, each in a cell of its own."""
    return [(2.5 + number % 15, 19.5 - number // 15) for number in range(count)]


def test_enough_points_give_maxent_twice_the_same(
    run: Run, tmp_path: Path, layers: list[dict[str, Any]], ecoregions: dict[str, Any]
) -> None:
    """With 30 places Maxent is fitted; the same seed gives the same bytes, and the model knows the north."""
    given = {"points": points(tmp_path / "p.csv", in_the_north(30)), "layers": layers, "ecoregions": ecoregions}
    one, other = run("create_sdm", **given), run("create_sdm", projection_layers=layers, **given)
    assert one.path("model").read_bytes() == other.path("model").read_bytes() == other.path("projection").read_bytes()
    report = one.json()
    assert report["method"] == "maxent (elapid)"
    assert report["points_used"] == 30
    assert report["auc"] > 0.9
    assert report["reason"] is None
    assert one.values["model"]["label"] == report["species"] == "A b"


def test_site_without_jar_says_so(
    run: Run, tmp_path: Path, layers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking for Maxent's own program where there is none says what to do."""
    monkeypatch.delenv("MAXENT_JAR", raising=False)
    with pytest.raises(ToolFailed, match=r"this site has no maxent.jar .* use the engine 'elapid'"):
        run("create_sdm", points=points(tmp_path / "p.csv", in_the_north(20)), layers=layers, engine="maxent_jar")


@pytest.mark.skipif("MAXENT_JAR" not in os.environ, reason="MAXENT_JAR does not name Maxent's jar")
def test_jar_models(run: Run, tmp_path: Path, layers: list[dict[str, Any]]) -> None:
    """Maxent's own program gives a model that knows the north."""
    given = {"points": points(tmp_path / "p.csv", in_the_north(30)), "layers": layers}
    report = run("create_sdm", engine="maxent_jar", **given).json()
    assert report["method"] == "maxent (maxent.jar)"
    assert report["auc"] > 0.9


@pytest.mark.parametrize("with_regions", [True, False])
def test_five_points_give_a_range(
    run: Run, read: Read, tmp_path: Path, layers: list[dict[str, Any]], ecoregions: dict[str, Any], with_regions: bool
) -> None:
    """Five places are too few for Maxent: the range is the hull, cut to their ecoregion where those are given."""
    places = [(5.5, 5.5), (8.5, 5.5), (8.5, 8.5), (5.5, 8.5), (9.5, 7.5)]
    more = {"ecoregions": ecoregions} if with_regions else {"buffer": 2.0}
    model = run("create_sdm", points=points(tmp_path / "p.csv", places), layers=layers, **more)
    assert model.json()["reason"] == "5 different places with data are fewer than min_points (12)"
    assert ("ecoregions" in model.json()["method"]) == with_regions
    grid = run("build_grid", cell_size=1.0, layer=layers[0])
    pam = read(run("encode_layers", grid=grid.values["grid"], layers=[model.values["model"]]).values["matrix"])
    assert pam.columns == ["A b"]
    inside = {divmod(int(site), SIDE) for site, (value,) in zip(pam.rows, pam.values, strict=True) if value}
    assert {(12, 6), (13, 7)} <= inside
    assert any(column >= 10 for _, column in inside) != with_regions


@pytest.mark.parametrize("places", [[], [(-50.0, 5.0)]])
def test_no_usable_point_is_skipped(
    run: Run, tmp_path: Path, layers: list[dict[str, Any]], places: list[tuple[float, float]]
) -> None:
    """Without a record on the layers there is no model, and the reason says why."""
    skipped = run("create_sdm", points=points(tmp_path / "p.csv", places), layers=layers).skipped
    expected = "none of the 1 occurrence records lies on" if places else "no occurrence records with coordinates"
    assert expected in str(skipped)


def test_points_off_the_ecoregions_fall_back_to_the_hull(
    run: Run, tmp_path: Path, layers: list[dict[str, Any]]
) -> None:
    """Where no record lies on the ecoregions the hull alone is used, and the report says so."""
    empty = layer(tmp_path / "empty.tif", lambda _row, _column: -9999)
    model = run("create_sdm", points=points(tmp_path / "p.csv", [(5.5, 5.5)]), layers=layers, ecoregions=empty)
    assert model.json()["method"] == "convex hull"
    assert "no record lies on the ecoregions" in model.json()["reason"]


def test_constant_layers_fall_back(run: Run, tmp_path: Path) -> None:
    """Layers without any variation cannot be modelled: a range is drawn instead."""
    flat = layer(tmp_path / "flat.tif", lambda _row, _column: 3)
    model = run("create_sdm", points=points(tmp_path / "p.csv", in_the_north(20)), layers=[flat])
    assert model.json()["reason"] == "the layers have the same value everywhere"


def test_layers_on_other_frames_are_aligned(run: Run, tmp_path: Path, layers: list[dict[str, Any]]) -> None:
    """A layer with larger pixels is brought onto the frame of the first."""
    coarse = tmp_path / "coarse.tif"
    write_geotiff(coarse, Raster(0.0, 20.0, 2.0, [[row * 5 + column for column in range(10)] for row in range(10)]))
    model = run("create_sdm", points=points(tmp_path / "p.csv", in_the_north(20)), layers=[*layers, file(coarse)])
    assert model.json()["layers_used"] == ["south", "east", "coarse"]


def test_grid_has_exact_sites_and_equal_bytes(run: Run) -> None:
    """A box of 3 x 2 units in steps of a tenth has 600 sites, and is the same file each time."""
    box = {"min_x": -0.3, "min_y": 0.1, "max_x": 2.7, "max_y": 2.1, "cell_size": 0.1}
    one, other = run("build_grid", **box), run("build_grid", **box)
    assert one.values["sites"] == 600
    assert one.path("grid").read_bytes() == other.path("grid").read_bytes()


def test_grid_around_points(run: Run, read: Read, tmp_path: Path, layers: list[dict[str, Any]]) -> None:
    """A grid around points has whole cells and holds all of them."""
    grid = run("build_grid", cell_size=2.0, points=points(tmp_path / "p.csv", [(3.0, 3.0), (8.0, 5.0)]))
    assert grid.values["sites"] == 4 * 2
    means = read(run("encode_layers", grid=grid.values["grid"], layers=layers, method="mean_value").values["matrix"])
    assert len(means.rows) == 8


def test_impossible_grids_are_refused(run: Run) -> None:
    """A grid without area or with too many sites is refused with the numbers."""
    with pytest.raises(ToolFailed, match="the grid has no area"):
        run("build_grid", cell_size=1.0, min_x=5, max_x=5)
    with pytest.raises(ToolFailed, match="choose larger cells"):
        run("build_grid", cell_size=0.001)


def test_means_mark_missing_data(run: Run, read: Read, layers: list[dict[str, Any]]) -> None:
    """A site without data has no mean; the others have that of their pixels. Finer sites than pixels work too."""
    grid = run("build_grid", cell_size=1.0, layer=layers[0])
    table = read(run("encode_layers", grid=grid.values["grid"], layers=layers, method="mean_value").values["matrix"])
    assert table.columns == ["south", "east"]
    assert all(map(math.isnan, table.values[0]))
    assert table.values[5 * SIDE + 3] == [50, 23]
    fine = run("build_grid", cell_size=0.5, min_x=4, max_x=6, min_y=10, max_y=12)
    small = read(
        run("encode_layers", grid=fine.values["grid"], layers=layers[:1], method="mean_value").values["matrix"]
    )
    assert [row[0] for row in small.values] == [80] * 8 + [90] * 8


def test_two_layers_of_one_name_are_refused(run: Run, layers: list[dict[str, Any]]) -> None:
    """Columns must have different names; labels given by the job settle it."""
    grid = run("build_grid", cell_size=5.0, layer=layers[0]).values["grid"]
    twice = [layers[0], layers[0]]
    with pytest.raises(ToolFailed, match="several layers are called south"):
        run("encode_layers", grid=grid, layers=twice)
    assert run("encode_layers", grid=grid, layers=twice, labels=["$(a)", "-b"]).skipped is None


def test_hypotheses_are_contrasts(
    run: Run, read: Read, layers: list[dict[str, Any]], ecoregions: dict[str, Any]
) -> None:
    """Two classes become one column of -1, 1 and 0, the same each time."""
    grid = run("build_grid", cell_size=1.0, layer=layers[0]).values["grid"]
    table = read(run("encode_layers", grid=grid, layers=[ecoregions], method="biogeo").values["matrix"])
    assert table.columns == ["regions"]
    assert [row[0] for row in table.values[:SIDE]] == [0] + [-1] * 9 + [1] * 10
