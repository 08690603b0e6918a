"""Statistics of a presence-absence matrix: of its sites, its species, and the whole."""

from pathlib import Path

import numpy as np

from lmsvc.tools.covariance import site_covariance, species_covariance, variance_ratios
from lmsvc.tools.matrices import Matrix, is_site, read_matrix, rewrite_matrix, write_matrix
from lmsvc.tools.toolkit import InputFile, Inputs, Outputs, Skipped, ToolError, load, output_file, run_tool, write_json
from lmsvc.tools.upstream import run_program

RATIOS = ["schluter species variance ratio", "schluter site variance ratio"]
MOST_SITES = 5000
DECIMALS = 10  # so that equal values stay equal when observed and random matrices are compared


def occupied(pam: Matrix) -> Matrix:
    """Give the part of a matrix that has presences: most statistics mean nothing elsewhere.

    Raises:
        Skipped: there is no presence at all.
    """
    present = pam.data > 0
    if not present.any():
        raise Skipped("the matrix has no presence")
    part = pam.take(np.flatnonzero(present.any(axis=1)), np.flatnonzero(present.any(axis=0)))
    return Matrix((part.data > 0).astype(int), part.headers)


def basic_stats(pam: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Let lmpy compute (site, species, diversity) statistics, and add Schluter's ratios to the last."""
    write_matrix("occupied.lmm", pam)
    names = {kind: f"{kind}.lmm" for kind in ("site_stats", "species_stats", "diversity_stats")}
    options = ["--site_stats_matrix", "--species_stats_matrix", "--diversity_matrix"]
    arguments = [word for option, name in zip(options, names.values(), strict=True) for word in (option, name)]
    run_program("calculate_pam_stats", [*arguments, "occupied.lmm"])
    site, species, diversity = (rewrite_matrix(name) for name in names.values())
    columns = [*diversity_names(), *RATIOS]
    values = np.concatenate([diversity.data, [variance_ratios(pam)]], axis=1)
    return site, species, Matrix(values, [["value"], columns])


def diversity_names() -> list[str]:
    """Give the names of lmpy's diversity statistics in its order."""
    return ["c-score", "lande", "legendre", "num sites", "num species", "whittaker"]


def with_tree(pam: Matrix, site: Matrix, source: InputFile) -> tuple[Matrix, list[str]]:
    """Add phylogenetic statistics to those of the sites, and give the species that are not in the tree."""
    trees, tree_stats = load("lmsvc.tools.trees"), load("lmsvc.tools.tree_stats")
    tree = trees.read_tree(source)
    names = trees.match_tips(tree, pam.columns)
    trees.set_lengths(tree)
    part = pam.take(columns=[pam.columns.index(name) for name in names])
    phylogenetic = tree_stats.site_tree_stats(part, *trees.branches(tree, names))
    values = np.concatenate([site.data, phylogenetic.data], axis=1)
    absent = [name for name in pam.columns if name not in names]
    return Matrix(values, [site.rows, [*site.columns, *phylogenetic.columns]]), absent


def covariances(pam: Matrix, wanted: str) -> Outputs:
    """Write the covariance matrices asked for."""
    outputs = {}
    if wanted in ("species", "both"):
        write_matrix("species_covariance.lmm", species_covariance(pam))
        outputs["species_covariance"] = output_file("species_covariance.lmm")
    if wanted in ("sites", "both"):
        if len(pam.rows) > MOST_SITES:
            raise ToolError(f"covariance of {len(pam.rows)} sites is too large (limit {MOST_SITES}); ask for 'species'")
        write_matrix("site_covariance.lmm", site_covariance(pam))
        outputs["site_covariance"] = output_file("site_covariance.lmm")
    return outputs


def tool(inputs: Inputs) -> Outputs:
    """Compute all statistics asked for."""
    whole = read_matrix(inputs.file("pam").path)
    pam = occupied(whole)
    site, species, diversity = basic_stats(pam)
    absent: list[str] = []
    if source := inputs.optional_file("tree"):
        site, absent = with_tree(pam, site, source)
    outputs = {}
    for name, matrix in {"site_stats": site, "species_stats": species, "diversity_stats": diversity}.items():
        write_matrix(f"{name}.lmm", Matrix(np.round(matrix.data, DECIMALS), matrix.headers))
        outputs[name] = output_file(f"{name}.lmm")
    write_json(Path("report.json"), report(whole, pam, absent))
    return {**outputs, **covariances(pam, inputs.text("covariance")), "report": output_file("report.json")}


def report(whole: Matrix, pam: Matrix, absent: list[str]) -> Outputs:
    """Say what the statistics cover."""
    return {
        "sites": len(whole.rows),
        "sites_with_species": len(pam.rows),
        "species": len(pam.columns),
        "species_without_sites": [name for name in whole.columns if name not in set(pam.columns)],
        "species_not_in_tree": absent,
        "rows_are_sites": all(map(is_site, pam.rows)),
    }


if __name__ == "__main__":
    run_tool(tool)
