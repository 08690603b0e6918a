"""Encode layers on a grid: a matrix of sites by layers."""

import numpy as np

from lmsvc.tools.grids import Grid, read_grid
from lmsvc.tools.hypotheses import encode_hypotheses
from lmsvc.tools.layers import Layer, labels_of, prepare_layers
from lmsvc.tools.matrices import Matrix, read_matrix, write_matrix
from lmsvc.tools.toolkit import Inputs, Outputs, Skipped, output_file, run_tool
from lmsvc.tools.upstream import run_configured

MATRIX = "matrix.lmm"


def encode(inputs: Inputs, layers: list[Layer], grid: Grid) -> Matrix:
    """Let lmpy's encoder do it, and mark sites without data as such."""
    method = inputs.text("method")
    run_configured(
        "encode_layers",
        {
            "encode_method": method,
            "min_coverage": inputs.number("min_coverage"),
            "min_presence": inputs.number("min_presence"),
            "max_presence": inputs.number("max_presence"),
            "grid_filename": str(grid.path),
            "out_matrix_filename": MATRIX,
            "layer": [[str(layer.path), layer.label] for layer in layers],
        },
    )
    values = read_matrix(MATRIX).data
    if method != "presence_absence":
        for column, layer in enumerate(layers):
            missing = -9999.0 if layer.no_data is None else layer.no_data
            values[values[:, column] == missing, column] = np.nan
    return Matrix(values, [grid.sites, [layer.label for layer in layers]])


def tool(inputs: Inputs) -> Outputs:
    """Encode the layers with the method asked for."""
    sources = inputs.files("layers")
    if not sources:
        raise Skipped("no layers to encode")
    labels = labels_of(sources, inputs.texts("labels"))
    grid = read_grid(inputs.file("grid"))
    if inputs.text("method") == "biogeo":
        attribute, coverage = inputs.optional_text("attribute"), inputs.number("min_coverage")
        matrix = encode_hypotheses(sources, labels, grid, attribute, coverage)
    else:
        matrix = encode(inputs, prepare_layers(sources, labels, grid), grid)
    write_matrix(MATRIX, matrix)
    return {"matrix": output_file(MATRIX)}


if __name__ == "__main__":
    run_tool(tool)
