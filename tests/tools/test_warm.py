"""Tools give the same with a warm start as without."""

import os
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lmsvc.examples.synthetic import write_example
from lmsvc.registry import load_tools
from tests.tools.matrices import make_matrix, make_pam
from tests.tools.running import DESCRIPTIONS, PROJECT, PYTHON, file, run_tool
from tests.tools.tasks import files_of, made, run_items

SPECIES = ["A alba", "B beta", "C c", "D d"]
ROWS = ["1100", "1100", "1000", "0100", "1100", "1000", "0011", "0011", "0010", "0001", "0011", "0001"]
TREE = "((A_alba:1,B_beta:1):2,(C_c:1,D_d:1):2);"
BOX = {"min_x": 0, "min_y": 0, "max_x": 30, "max_y": 20}
TOLD = ("state", "reason", "exit_code", "signal", "stdout", "stderr_tail", "command")


class World:
    """Small inputs of every kind, and both ways to run a tool on them."""

    def __init__(self, place: Path) -> None:
        """Make the inputs below ``place``."""
        self.place = place
        self.tried: list[str] = []
        example = place / "example"
        write_example(example)
        self.records = file(example / "occurrences.csv", "all")
        self.layers = [file(example / f"{name}.tif", name) for name in ("temperature", "rain")]
        self.ecoregions = file(example / "ecoregions.tif", "regions")
        (place / "tree.tre").write_text(TREE)
        self.tree = file(place / "tree.tre", "tree")
        self.pam = make_pam(SPECIES, ROWS, place / "pam")

    def both(self, name: str, *given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run a tool on each of the inputs, twice in one warm task and once cold; return the outputs by name."""
        warm_place = self.place / f"warm-{len(self.tried)}"
        cold = run_items(name, given, self.place / f"cold-{len(self.tried)}", warm=False)
        warm = run_items(name, [*given, *given], warm_place, warm=True)
        assert [_told(item) for item in warm] == [_told(item) for item in [*cold, *cold]]
        assert (warm_place / "lm" / "warm.log").read_text() == ""
        self.tried.append(name)
        return [{key: made(item, warm_place, key) for key in _file_names(item)} for item in warm[: len(given)]]


def _told(item: Mapping[str, Any]) -> tuple[object, ...]:
    """Give what must not depend on how an item was started: all but the numbers of the item and of seconds and MB."""
    contents = [(one["basename"], one["label"], one["size"], one["sha256"]) for one in files_of(item)]
    plain = {key: value for key, value in item["outputs"].items() if not isinstance(value, (dict, list))}
    said = tuple(str(item[key]).replace(f"{item['index']}/", "") for key in TOLD)
    return *said, contents, plain


def _file_names(item: Mapping[str, Any]) -> list[str]:
    return [key for key, value in item["outputs"].items() if isinstance(value, (dict, list)) and value]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Small inputs."""
    return World(tmp_path)


def _records(world: World, count: int) -> Sequence[dict[str, Any]]:
    """Give the records of the species with the most records, and of the rarest."""
    [split] = world.both("split_occurrence_data", {"occurrences": world.records, "species_key": "scientificName"})
    by_size = sorted(split["species"], key=lambda one: Path(one["path"]).stat().st_size)
    return [*by_size[-count:], *by_size[:2]]


@pytest.mark.slow
@pytest.mark.full
def test_models_and_layers_are_the_same(world: World) -> None:
    """From records to an encoded matrix and a map, every tool gives the same bytes, skips and words either way."""
    species = _records(world, 2)
    cleaned = world.both("wrangle_occurrences", *({"occurrences": one, **BOX} for one in species))
    points = [one["occurrences"] for one in cleaned if "occurrences" in one]
    world.both("create_point_heatmap", {"points": points[0]})
    world.both("concatenate_tables", {"tables": points})
    given = {"layers": world.layers, "ecoregions": world.ecoregions}
    models = world.both("create_sdm", *({"points": one, **given} for one in points))
    [grid] = world.both("build_grid", {"cell_size": 2.0, **BOX})
    layers = [one["model"] for one in models if "model" in one]
    world.both(
        "encode_layers",
        {**grid, "layers": layers},
        {**grid, "layers": world.layers, "method": "mean_value"},
        {**grid, "layers": [world.ecoregions], "method": "biogeo"},
    )
    print(Counter(world.tried))


@pytest.mark.slow
@pytest.mark.full
def test_matrices_and_trees_are_the_same(world: World) -> None:
    """Tools of matrices and trees give the same bytes either way, also those that run a program of lmpy."""
    pam, tree = world.pam, world.tree
    [stats, *_] = world.both("calculate_pam_stats", {"pam": pam}, {"pam": pam, "tree": tree, "covariance": "both"})
    seeds = [{"pam": pam, "seed": seed} for seed in (1, 2)]
    random = world.both("randomize_pam", *seeds, {"pam": pam, "seed": 3, "method": "curveball"})
    matrices = [one["matrix"] for one in random]
    world.both("aggregate_matrices", {"matrices": matrices, "method": "add"})
    others = world.both("calculate_pam_stats", *({"pam": one} for one in matrices))
    world.both("calculate_p_values", {"observed": stats["site_stats"], "random": [o["site_stats"] for o in others]})
    world.both("create_stat_heatmap", {"matrix": stats["site_stats"]})
    world.both("create_scatter_plot", {"matrix": stats["site_stats"]})
    world.both("convert_lmm_to_geojson", {"matrix": stats["site_stats"]})
    [table] = world.both("convert_lmm_to_csv", {"matrix": pam})
    world.both("convert_csv_to_lmm", {"table": table["table"]})
    world.both("wrangle_tree", {"tree": tree, "matrix": pam})
    world.both("wrangle_matrix", {"matrix": pam, "tree": tree, "purge_empty_sites": True})
    world.both("create_tree_matrix", {"tree": tree, "matrix": pam})
    (world.place / "names.txt").write_text("A alba\nNobody\n")
    world.both("wrangle_species_list", {"species_list": file(world.place / "names.txt"), "tree": tree, "matrix": pam})
    mcpa(world)


def mcpa(world: World) -> None:
    """Run both tools of the metacommunity analysis."""
    sites = [[number, number + 0.5, 0.5] for number in range(len(ROWS))]
    climate = [[*site, 9 - site[0], site[0] % 3] for site in sites]
    environment = make_matrix([["site", "x", "y", "warm", "wet"], *climate], world.place / "env")
    history = [[*site, -1 if site[0] % 2 else 1] for site in sites]
    biogeography = make_matrix([["site", "x", "y", "ridge"], *history], world.place / "bio")
    encoded = world.both("encode_tree_mcpa", *({"pam": world.pam, "tree": world.tree, "seed": seed} for seed in (1, 5)))
    given = {"environment": environment, "biogeography": biogeography}
    chosen = {key: encoded[1][key] for key in ("pam", "tree_matrix")}
    world.both("mcpa_run", {**given, **chosen})


def test_every_heavy_tool_has_a_warm_start() -> None:
    """Only the two trivial tools, whose Python starts without its site packages, have none."""
    tools = load_tools([DESCRIPTIONS])
    assert {name for name, tool in tools.items() if not tool.warm_command} == {"echo_text", "sleep_seconds"}


def test_errors_are_told_in_the_same_words(world: World) -> None:
    """A refusal, a skip and a success in one batch end as they do alone; unseeded chance differs between items."""
    empty = run_tool("convert_csv_to_lmm", {"table": _csv(world.place)}, world.place / "made").values["matrix"]
    given: list[dict[str, Any]] = [{"pam": world.pam, "count": 0}, {"pam": world.pam}, {"pam": empty}]
    found = run_items("randomize_pam", [*given, *given], world.place / "again", warm=True)
    assert [item["state"] for item in found] == ["failed", "succeeded", "succeeded"] * 2
    assert found[0]["stderr_tail"] == "error: count must be 1 or more, not 0"
    world.both("randomize_pam", *given)


SCRIPT = """
import csv, random, sys
copied = "lmsvc.tools.program_libraries" in sys.modules
print("copy" if copied else "new", random.random(), csv.field_size_limit(), sys.argv[1:])
sys.exit("broken" if copied and sys.argv[1] == "fails" else 0)
"""
LOADED = "import lmsvc.tools.program_libraries"
CALLER = """
import csv, sys
import lmsvc.tools.rasters
from lmsvc.tools.upstream import run_program
csv.field_size_limit(10)
print(run_program("program", [sys.argv[1]], 7), end="")
"""


def test_programs_are_copies_of_a_warm_process(tmp_path: Path) -> None:
    """A program starts from the libraries in memory, seeded as ever; where a copy fails it is started anew."""
    (tmp_path / "program").write_text(f"#!{PYTHON}\n{SCRIPT}")
    (tmp_path / "program").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
        "MPLCONFIGDIR": str(tmp_path),
    }

    def said(first: str, word: str) -> list[str]:
        command = [str(PYTHON), "-c", f"{first}\n{CALLER}", word]
        ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return ended.stdout.split(maxsplit=1)

    cold, copied, again = said("", "works"), said(LOADED, "works"), said(LOADED, "fails")
    assert [cold[0], copied[0], again[0]] == ["new", "copy", "new"]
    assert cold[1] == copied[1]


def _csv(place: Path) -> dict[str, Any]:
    (place / "e.csv").write_text("site,x,y,a\n0,0.5,0.5,0\n")
    return file(place / "e.csv")
