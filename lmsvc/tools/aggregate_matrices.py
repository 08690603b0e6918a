"""Put matrices side by side or one below the other, or add them up."""

from lmsvc.tools.matrices import Matrix, read_matrix, rewrite_matrix
from lmsvc.tools.toolkit import Inputs, Outputs, Skipped, ToolError, output_file, run_tool
from lmsvc.tools.upstream import run_configured

RESULT = "matrix.lmm"


def check_shapes(matrices: list[Matrix], method: str, axis: int) -> None:
    """Make sure that the matrices fit together.

    Raises:
        ToolError: they do not.
    """
    first = matrices[0].headers
    fixed = [other for other in range(len(first)) if method == "add" or other != axis]
    for number, matrix in enumerate(matrices[1:], start=2):
        for other in fixed:
            if len(matrix.headers) != len(first) or matrix.headers[other] != first[other]:
                what = "rows" if other == 0 else "columns"
                raise ToolError(f"matrix {number} does not have the {what} of the first one")


def tool(inputs: Inputs) -> Outputs:
    """Let lmpy aggregate; adding keeps the headers, which lmpy loses."""
    sources = inputs.files("matrices")
    if not sources:
        raise Skipped("no matrices to aggregate")
    method, axis = inputs.text("method"), inputs.integer("axis")
    if axis not in (0, 1):
        raise ToolError(f"axis must be 0 (rows) or 1 (columns), not {axis}")
    matrices = [read_matrix(source.path) for source in sources]
    check_shapes(matrices, method, axis)
    run_configured(
        "aggregate_matrices",
        {
            "ndim": -1,
            "method": method,
            "axis": axis,
            "output_matrix_filename": RESULT,
            "input_matrix_filename": [str(source.path) for source in sources],
        },
    )
    rewrite_matrix(RESULT, matrices[0].headers if method == "add" else None)
    return {"matrix": output_file(RESULT)}


if __name__ == "__main__":
    run_tool(tool)
