"""Subset a matrix: to the species of a tree or list, in its order, without empty sites or species."""

import numpy as np

from lmsvc.tools.matrices import Matrix, read_matrix, write_matrix
from lmsvc.tools.tables import clean_name
from lmsvc.tools.toolkit import Inputs, Outputs, Skipped, load, output_file, run_tool, write_json


def wanted_species(inputs: Inputs, names: list[str]) -> list[str]:
    """Give the species to keep: those of the tree in its order, and of the list."""
    if source := inputs.optional_file("tree"):
        trees = load("lmsvc.tools.trees")
        names = trees.match_tips(trees.read_tree(source), names)
    if listed := inputs.optional_file("species_list"):
        allowed = {clean_name(line) for line in listed.path.read_text(encoding="utf-8").splitlines()}
        names = [name for name in names if name in allowed]
    return names


def purge(matrix: Matrix, sites: bool, species: bool) -> Matrix:
    """Drop empty rows and columns as asked."""
    present = np.nan_to_num(matrix.data) != 0
    rows = np.flatnonzero(present.any(axis=1)) if sites else None
    columns = np.flatnonzero(present.any(axis=0)) if species else None
    return matrix.take(rows, columns)


def tool(inputs: Inputs) -> Outputs:
    """Subset the matrix and say what was dropped."""
    whole = read_matrix(inputs.file("matrix").path)
    names = wanted_species(inputs, list(whole.columns))
    part = whole.take(columns=[whole.columns.index(name) for name in names])
    part = purge(part, inputs.flag("purge_empty_sites"), inputs.flag("purge_empty_species"))
    if not part.data.size:
        raise Skipped(f"nothing is left of {len(whole.rows)} sites and {len(whole.columns)} species")
    kept = set(part.columns)
    report = {
        "sites": len(part.rows),
        "sites_dropped": len(whole.rows) - len(part.rows),
        "species": len(part.columns),
        "species_dropped": [name for name in whole.columns if name not in kept],
    }
    write_matrix("matrix.lmm", part)
    write_json("report.json", report)
    return {"matrix": output_file("matrix.lmm"), "report": output_file("report.json")}


if __name__ == "__main__":
    run_tool(tool)
