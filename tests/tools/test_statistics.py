"""Statistics, randomisation and p-values of small presence-absence matrices."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.matrices import Table, make_matrix, make_pam
from tests.tools.running import Outputs, ToolFailed, file

Run = Callable[..., Outputs]
Read = Callable[[Any], Table]
SPECIES = ["A alba", "B beta", "C; $(x)", "D d"]
ROWS = ["1100", "0110", "1110", "0001", "0000"]
TREE = "(((A_alba:1,B_beta:1):1,'C; $(x)':2):1,D_d:3);"


@pytest.fixture
def pam(tmp_path: Path) -> dict[str, Any]:
    """Five sites, one of them empty, and four species."""
    return make_pam(SPECIES, ROWS, tmp_path / "made")


@pytest.fixture
def tree(tmp_path: Path) -> dict[str, Any]:
    """A tree of the four species."""
    (tmp_path / "t.tre").write_text(TREE)
    return file(tmp_path / "t.tre")


def test_basic_statistics(run: Run, read: Read, pam: dict[str, Any]) -> None:
    """Richness and range sizes are right, and the empty site is left out."""
    stats = run("calculate_pam_stats", pam=pam)
    site, species = read(stats.values["site_stats"]), read(stats.values["species_stats"])
    assert site.rows == ["0", "1", "2", "3"]
    assert site.column("alpha") == [2, 2, 3, 1]
    assert species.rows == SPECIES
    assert species.column("omega") == [2, 3, 2, 1]
    diversity = read(stats.values["diversity_stats"])
    assert diversity.rows == ["value"]
    assert diversity.column("num sites") == diversity.column("num species") == [4]
    assert diversity.column("whittaker") == [2.0]
    assert stats.json()["sites"] == 5


def test_phylogenetic_statistics(run: Run, read: Read, pam: dict[str, Any], tree: dict[str, Any]) -> None:
    """Distances and diversity follow from the tree's branches; pairs need two species."""
    site = read(run("calculate_pam_stats", pam=pam, tree=tree).values["site_stats"])
    assert site.column("Phylogenetic Diversity") == [4, 5, 6, 3]
    assert site.column("Mean Pairwise Distance") == pytest.approx([2, 4, 10 / 3, 0])
    assert site.column("Sum Pairwise Distance") == [2, 4, 10, 0]
    assert site.column("MNTD") == pytest.approx([2, 4, 8 / 3, 0])
    # Pairs AB, AC, BC of the third site: distances 2, 4, 4; shared sites 2, 1, 2.
    assert site.column("pearson_correlation") == pytest.approx([0, 0, -0.5, 0])


def test_covariance(run: Run, read: Read, pam: dict[str, Any]) -> None:
    """Covariance is right where lmpy's program breaks: symmetric, variances on the diagonal."""
    stats = run("calculate_pam_stats", pam=pam, covariance="both")
    species = read(stats.values["species_covariance"]).values
    assert [species[i][i] for i in range(4)] == pytest.approx([0.25, 0.1875, 0.25, 0.1875])
    assert species[0][1] == pytest.approx(2 / 4 - 0.5 * 0.75)
    assert all(species[i][j] == species[j][i] for i in range(4) for j in range(4))
    sites = read(stats.values["site_covariance"]).values
    assert sites[0][1] == pytest.approx(1 / 4 - 0.5 * 0.5)


def test_species_without_sites(run: Run, read: Read, tmp_path: Path) -> None:
    """A species without sites does not disturb the statistics of the others, and the report names it."""
    stats = run("calculate_pam_stats", pam=make_pam(["a", "gone", "b"], ["100", "101"], tmp_path))
    assert read(stats.values["species_stats"]).rows == ["a", "b"]
    assert stats.json()["species_without_sites"] == ["gone"]
    assert all(math.isfinite(value) for row in read(stats.values["diversity_stats"]).values for value in row)


def test_empty_pam_is_skipped(run: Run, tmp_path: Path) -> None:
    """A matrix without any presence has no statistics."""
    assert run("calculate_pam_stats", pam=make_pam(["a"], ["0", "0"], tmp_path)).skipped == "the matrix has no presence"


@pytest.mark.parametrize("rows", [["1"], ["10", "01"], ["111", "111"], ["1"] * 3 + ["0"]])
def test_degenerate_matrices(run: Run, read: Read, tmp_path: Path, rows: list[str]) -> None:
    """Matrices of one row, one column, or without anything to vary have statistics and random versions."""
    names = [f"s{number}" for number in range(len(rows[0]))]
    pam = make_pam(names, rows, tmp_path)
    assert run("calculate_pam_stats", pam=pam).skipped is None
    random = read(run("randomize_pam", pam=pam).values["matrix"])
    assert sorted(sum(row) for row in random.values) == sorted(row.count("1") for row in rows)


@pytest.mark.parametrize("method", ["fill", "curveball"])
def test_random_matrices_keep_margins_and_seeds(run: Run, read: Read, tmp_path: Path, method: str) -> None:
    """Rows and columns keep their sums; a seed repeats its bytes; another seed or number is another matrix."""
    rows = [f"{(37 * number * number + 11) % 251:08b}"[-8:] for number in range(12)]
    pam = make_pam([f"s{number}" for number in range(8)], rows, tmp_path)
    given = {"pam": pam, "method": method, "count": 2}
    one, same, other = (run("randomize_pam", seed=seed, **given) for seed in (3, 3, 4))
    bytes_of = [[Path(value["path"]).read_bytes() for value in made.values["matrices"]] for made in (one, same, other)]
    assert bytes_of[0] == bytes_of[1]
    assert len({*bytes_of[0], *bytes_of[2]}) == 4
    before, after = read(pam).values, read(one.values["matrices"][1]).values
    assert [sum(row) for row in before] == [sum(row) for row in after]
    assert [sum(column) for column in zip(*before, strict=True)] == [sum(column) for column in zip(*after, strict=True)]


def test_p_values(run: Run, read: Read, tmp_path: Path) -> None:
    """A p-value is the share of random values above the observed; an undefined value has none."""
    observed = make_matrix([["name", "u", "v"], ["r", 5, ""]], tmp_path / "o")
    random = [make_matrix([["name", "u", "v"], ["r", value, 1]], tmp_path / f"r{value}") for value in (1, 6, 5, 7)]
    compared = run("calculate_p_values", observed=observed, random=random)
    (first, second) = read(compared.values["p_values"]).values[0]
    assert first == 0.5
    assert math.isnan(second)
    for method in ("raw", "bonferroni", "fdr"):
        done = run("calculate_p_values", observed=observed, random=random[:1], method=method)
        assert read(done.values["significance"]).values == [[1, 0]]
    with pytest.raises(ToolFailed, match="the observed matrix"):
        run("calculate_p_values", observed=observed, random=[make_matrix([["n", "u"], ["r", 1]], tmp_path / "bad")])


def test_no_random_matrices_is_skipped(run: Run, pam: dict[str, Any]) -> None:
    """Without random matrices there is nothing to compare with."""
    assert run("calculate_p_values", observed=pam, random=[]).skipped == "no random matrices to compare with"


def test_matrices_are_joined_and_added(run: Run, read: Read, pam: dict[str, Any], tmp_path: Path) -> None:
    """Columns are joined with their names, sums keep their headers, and what does not fit is refused."""
    other = make_pam(["E"], ["1", "0", "1", "0", "1"], tmp_path / "other")
    joined = read(run("aggregate_matrices", matrices=[pam, other]).values["matrix"])
    assert joined.columns == [*SPECIES, "E"]
    added = read(run("aggregate_matrices", matrices=[pam, pam], method="add").values["matrix"])
    assert added.columns == SPECIES
    assert added.values[2] == [2, 2, 2, 0]
    with pytest.raises(ToolFailed, match="matrix 2 does not have the rows of the first one"):
        run("aggregate_matrices", matrices=[pam, make_pam(["E"], ["1"], tmp_path / "short")])
