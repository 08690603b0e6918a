"""Run a metacommunity phylogenetic analysis (MCPA)."""

import numpy as np

from lmsvc.tools.matrices import Matrix, read_matrix, write_matrix
from lmsvc.tools.mcpa import node
from lmsvc.tools.toolkit import Inputs, Outputs, Skipped, ToolError, output_file, run_tool, write_json


def by_site(matrix: Matrix, what: str) -> dict[str, int]:
    """Give the row of each site by its id.

    Raises:
        ToolError: the rows are not sites.
    """
    try:
        return {str(site[0]): row for row, site in enumerate(matrix.rows)}
    except (TypeError, IndexError) as error:
        raise ToolError(f"the rows of the {what} matrix are not sites; encode it on a grid") from error


def common_sites(pam: Matrix, environment: Matrix, biogeography: Matrix) -> list[tuple[int, int, int]]:
    """Give the rows, in each matrix, of the sites that all have, with species and without missing values."""
    places = [
        by_site(pam, "presence-absence"),
        by_site(environment, "environment"),
        by_site(biogeography, "biogeography"),
    ]
    shared = [site for site in places[0] if site in places[1] and site in places[2]]
    rows = [(places[0][site], places[1][site], places[2][site]) for site in shared]
    return [
        (p, e, b)
        for p, e, b in rows
        if (pam.data[p] > 0).any()
        and np.isfinite(environment.data[e]).all()
        and np.isfinite(biogeography.data[b]).all()
    ]


def columns_in_order(pam: Matrix, names: list[str]) -> np.ndarray:
    """Give presence and absence of the tree's species, in the tree matrix's order.

    Raises:
        ToolError: one is not in the matrix.
    """
    missing = [name for name in names if name not in pam.columns]
    if missing:
        raise ToolError(f"{len(missing)} species of the tree matrix are not in the PAM: {', '.join(missing[:5])}")
    return (pam.take(columns=[pam.columns.index(name) for name in names]).data > 0).astype(float)


def tool(inputs: Inputs) -> Outputs:
    """Analyse every node of the tree."""
    pam, tree = read_matrix(inputs.file("pam").path), read_matrix(inputs.file("tree_matrix").path)
    environment = read_matrix(inputs.file("environment").path)
    biogeography = read_matrix(inputs.file("biogeography").path)
    rows = common_sites(pam, environment, biogeography)
    if not rows:
        raise Skipped("no site has species, environment and biogeography")
    p, e, b = (list(column) for column in zip(*rows, strict=True))
    present = columns_in_order(pam, list(tree.rows))[p]
    tables = environment.data[e], biogeography.data[b]
    results = np.array([node(present, *tables, contrast) for contrast in tree.data.T])
    headers = [*environment.columns, "Env - Adjusted R-squared", *biogeography.columns, "BG - Adjusted R-squared"]
    for number, name in enumerate(("mcpa", "f_values")):
        write_matrix(f"{name}.lmm", Matrix(results[:, number], [tree.columns, headers]))
    write_json("report.json", {"nodes": len(tree.columns), "sites": len(rows), "species": len(tree.rows)})
    return {name: output_file(f"{name}.lmm") for name in ("mcpa", "f_values")} | {"report": output_file("report.json")}


if __name__ == "__main__":
    run_tool(tool)
