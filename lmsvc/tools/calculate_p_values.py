"""How often random matrices exceed the observed one, cell by cell."""

import numpy as np

from lmsvc.tools.matrices import Matrix, read_matrix, write_matrix
from lmsvc.tools.toolkit import Inputs, Outputs, Skipped, ToolError, output_file, run_tool
from lmsvc.tools.upstream import run_configured

OBSERVED, P_VALUES, SIGNIFICANCE = "observed.lmm", "p_values.lmm", "significance.lmm"


def prepare(inputs: Inputs) -> tuple[Matrix, list[str]]:
    """Write the matrices as lmpy's program can compare them, and give the observed one and the random ones' names.

    Raises:
        ToolError: a random matrix has another shape.
    """
    observed = read_matrix(inputs.file("observed").path)
    write_matrix(OBSERVED, observed)
    names = []
    for number, source in enumerate(inputs.files("random")):
        matrix = read_matrix(source.path)
        if matrix.data.shape != observed.data.shape:
            raise ToolError(f"{source.title} is {matrix.data.shape}, the observed matrix {observed.data.shape}")
        names.append(f"random_{number}.lmm")
        write_matrix(names[-1], matrix)
    return observed, names


def tool(inputs: Inputs) -> Outputs:
    """Let lmpy compare and correct; cells that are not defined stay so."""
    observed, names = prepare(inputs)
    if not names:
        raise Skipped("no random matrices to compare with")
    method, alpha = inputs.text("method"), inputs.number("alpha")
    run_configured(
        "calculate_p_values",
        {
            "significance_method": method,
            "abs": inputs.flag("absolute"),
            "alpha": alpha,
            "num_permutations": inputs.optional_integer("num_permutations"),
            "significance_matrix_filename": SIGNIFICANCE,
            "p_values_matrix": P_VALUES,
            "observed_matrix": OBSERVED,
            "random_matrix": names,
        },
    )
    p_values, significance = read_matrix(P_VALUES).data, read_matrix(SIGNIFICANCE).data
    if method == "bonferroni":  # lmpy writes the corrected p-values here, not whether they are significant
        significance = significance <= alpha
    p_values = np.where(np.isnan(observed.data), np.nan, p_values)
    significant = np.where(np.isnan(observed.data), 0, significance).astype(int)
    write_matrix(P_VALUES, Matrix(p_values, observed.headers))
    write_matrix(SIGNIFICANCE, Matrix(significant, observed.headers))
    return {"p_values": output_file(P_VALUES), "significance": output_file(SIGNIFICANCE)}


if __name__ == "__main__":
    run_tool(tool)
