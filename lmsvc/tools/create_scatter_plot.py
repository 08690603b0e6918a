"""Draw two statistics of a matrix against each other."""

import numpy as np

from lmsvc.tools.matrices import column_of, read_matrix
from lmsvc.tools.plots import draw_scatter
from lmsvc.tools.toolkit import Inputs, Outputs, Skipped, output_file, run_tool


def tool(inputs: Inputs) -> Outputs:
    """Draw the plot of all rows where both are defined."""
    source = inputs.file("matrix")
    matrix = read_matrix(source.path)
    labels = inputs.text("x_statistic"), inputs.text("y_statistic")
    x, y = (column_of(matrix, name).astype(float) for name in labels)
    defined = np.isfinite(x) & np.isfinite(y)
    if not defined.any():
        raise Skipped("no row has both statistics")
    draw_scatter("scatter.png", x[defined], y[defined], labels, inputs.optional_text("title"))
    return {"plot": output_file("scatter.png", source.label)}


if __name__ == "__main__":
    run_tool(tool)
