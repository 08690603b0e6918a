"""Trees: matching, encoding, and the analysis of metacommunities."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.matrices import Table, make_matrix, make_pam
from tests.tools.running import HEUCHERA, Outputs, ToolFailed, file, needs_heuchera

Run = Callable[..., Outputs]
Read = Callable[[Any], Table]
NEXUS = """#NEXUS
BEGIN TREES;
  TREE one = (('it''s odd':1,B_beta:1):1,(C_gamma:1,D:1):1);
END;
"""


def write(path: Path, text: str) -> dict[str, Any]:
    """Write a tree."""
    path.write_text(text, encoding="utf-8")
    return file(path)


def test_tips_get_the_names_of_the_matrix(run: Run, read: Read, tmp_path: Path) -> None:
    """Underscores match spaces, quotes are understood, and matrix and tree end with the same names in one order."""
    pam = make_pam(["D", "not there", "C_gamma", "B beta", "it's odd"], ["11111"], tmp_path)
    matched = run("wrangle_tree", tree=write(tmp_path / "t.nex", NEXUS), matrix=pam)
    assert matched.json() == {"tips": 4, "tips_dropped": [], "names_not_in_tree": ["not there"]}
    part = run("wrangle_matrix", matrix=pam, tree=matched.values["tree"])
    assert read(part.values["matrix"]).columns == ["it's odd", "B beta", "C_gamma", "D"]
    assert part.json()["species_dropped"] == ["not there"]


def test_tree_without_matching_tips_is_skipped(run: Run, tmp_path: Path) -> None:
    """A tree of other species is no failure: it is skipped with the numbers."""
    pam = make_pam(["x", "y"], ["11"], tmp_path)
    tree = write(tmp_path / "t.tre", "(a:1,(b:1,c:1):1);")
    reason = "none of the 3 tips of the tree is one of the 2 names"
    assert run("wrangle_tree", tree=tree, matrix=pam).skipped == reason
    assert run("wrangle_matrix", matrix=pam, tree=tree).skipped == reason


def test_what_is_no_tree_is_refused(run: Run, tmp_path: Path) -> None:
    """A file that is no tree is named, in one line."""
    with pytest.raises(ToolFailed, match=r"error: t.tre is not a tree in Newick, Nexus or NeXML"):
        run("create_tree_matrix", tree=write(tmp_path / "t.tre", "((a,b"))


def test_name_map_and_list(run: Run, tmp_path: Path) -> None:
    """Tips get accepted names before they are matched with a list."""
    (tmp_path / "map.csv").write_text("old name,new name\n")
    (tmp_path / "list.txt").write_text("new name\nb\n")
    tree = write(tmp_path / "t.tre", "(old_name:1,(b:1,c:1):1);")
    given = {"name_map": file(tmp_path / "map.csv"), "species_list": file(tmp_path / "list.txt")}
    matched = run("wrangle_tree", tree=tree, **given)
    assert matched.json()["tips"] == 2
    assert matched.path("tree").read_text() == "(new_name:1.0,b:2.0);\n"


def test_empty_slices_are_purged(run: Run, read: Read, tmp_path: Path) -> None:
    """Empty sites and species are dropped if asked; nothing left is skipped."""
    pam = make_pam(["a", "b"], ["00", "10"], tmp_path)
    flags = {"purge_empty_sites": True, "purge_empty_species": True}
    table = read(run("wrangle_matrix", matrix=pam, **flags).values["matrix"])
    assert (table.rows, table.columns) == (["1"], ["a"])
    nothing = make_pam(["a"], ["0"], tmp_path / "none")
    assert run("wrangle_matrix", matrix=nothing, **flags).skipped == "nothing is left of 1 sites and 1 species"


def test_tree_matrix(run: Run, read: Read, tmp_path: Path) -> None:
    """Tips are below their nodes, also where the tree is first cut to a matrix."""
    tree = write(tmp_path / "t.tre", "((a:1,b:1):2,c:3);")
    made = run("create_tree_matrix", tree=tree)
    assert {tuple(row) for row in read(made.values["tree_matrix"]).values} == {(1, 1), (1, 0)}
    assert sorted(read(made.values["tip_lengths"]).values[0]) == [1, 1, 3]
    cut = run("create_tree_matrix", tree=tree, matrix=make_pam(["a", "c"], ["11"], tmp_path))
    assert sorted(read(cut.values["tree_matrix"]).rows) == ["a", "c"]


def test_mcpa_finds_what_separates_two_clades(run: Run, read: Read, tmp_path: Path) -> None:
    """Where one clade lives in the warm and one in the cold, temperature explains the root; the seed repeats it."""
    rows = ["1100", "1100", "1000", "0100", "1100", "1000", "0011", "0011", "0010", "0001", "0011", "0001"]
    warm = [9, 8, 9, 9, 8, 9, 1, 2, 1, 1, 2, 1]
    wet = [3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2]
    side = [-1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1]
    pam = make_pam(["a", "b", "c", "d"], rows, tmp_path / "pam")
    sites = [[number, number + 0.5, 0.5] for number in range(12)]
    climate = [[*site, t, w] for site, t, w in zip(sites, warm, wet, strict=True)]
    environment = make_matrix([["site", "x", "y", "warm", "wet"], *climate], tmp_path / "env")
    history = [[*site, value] for site, value in zip(sites, side, strict=True)]
    biogeography = make_matrix([["site", "x", "y", "ridge"], *history], tmp_path / "bio")
    tree = write(tmp_path / "t.tre", "((a:1,b:1):2,(c:1,d:1):2);")
    encoded = [run("encode_tree_mcpa", pam=pam, tree=tree, seed=5) for _ in range(2)]
    assert encoded[0].path("tree_matrix").read_bytes() == encoded[1].path("tree_matrix").read_bytes()
    given = {"pam": encoded[0].values["pam"], "tree_matrix": encoded[0].values["tree_matrix"]}
    done = [run("mcpa_run", environment=environment, biogeography=biogeography, **given) for _ in range(2)]
    assert done[0].path("mcpa").read_bytes() == done[1].path("mcpa").read_bytes()
    table = read(done[0].values["mcpa"])
    expected = ["warm", "wet", "Env - Adjusted R-squared", "ridge", "BG - Adjusted R-squared"]
    assert table.columns == expected
    root = max(table.values, key=lambda row: row[2])
    assert root[2] > 0.9
    assert abs(root[0]) > 0.9 > 0.3 > abs(root[1])


def test_mcpa_refuses_trees_it_cannot_use(run: Run, tmp_path: Path) -> None:
    """A tree that is not ultrametric says what to do; with fewer than three species there is nothing to analyse."""
    pam = make_pam(["a", "b", "c"], ["110", "011"], tmp_path)
    crooked = write(tmp_path / "t.tre", "((a:1,b:5):2,c:3);")
    with pytest.raises(ToolFailed, match="set use_branch_lengths to false"):
        run("encode_tree_mcpa", pam=pam, tree=crooked)
    assert run("encode_tree_mcpa", pam=pam, tree=crooked, use_branch_lengths=False).skipped is None
    small = write(tmp_path / "s.tre", "(a:1,b:1);")
    assert run("encode_tree_mcpa", pam=pam, tree=small).skipped == (
        "only 2 species are in both tree and matrix; an MCPA needs 3"
    )


@needs_heuchera
def test_heuchera_trees_are_one(run: Run, tmp_path: Path) -> None:
    """Newick and Nexus of the real tree give the same tips, called as in the table."""
    (tmp_path / "list.txt").write_text("Heuchera alba\nTellima grandiflora\nHeuchera rubescens\nNobody\n")
    listed = file(tmp_path / "list.txt")
    made = [
        run("wrangle_tree", tree=file(HEUCHERA / f"heuchera.{kind}"), species_list=listed) for kind in ("tre", "nex")
    ]
    assert made[0].json()["names_not_in_tree"] == made[1].json()["names_not_in_tree"] == ["Nobody"]
    assert made[0].json()["tips"] == 3
