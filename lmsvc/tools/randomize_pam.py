"""Randomise a presence-absence matrix, keeping how many species each site and how many sites each species has."""

import sys
from pathlib import Path

import numpy as np

from lmsvc.tools.curveball import curveball
from lmsvc.tools.matrices import Matrix, read_matrix, write_matrix
from lmsvc.tools.toolkit import Inputs, Outputs, ToolError, output_file, run_tool
from lmsvc.tools.upstream import run_program

SEED_STEP = 1_000_003
LEAST = 2
FILL_SECONDS = 600.0  # it can search forever where there is hardly a solution


def free_part(present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the rows and columns that can vary: full and empty ones cannot, and lmpy's program stumbles over them."""
    rows, columns = np.arange(present.shape[0]), np.arange(present.shape[1])
    while True:
        part = present[np.ix_(rows, columns)]
        by_row, by_column = part.sum(axis=1), part.sum(axis=0)
        keep_rows = (by_row > 0) & (by_row < part.shape[1])
        keep_columns = (by_column > 0) & (by_column < part.shape[0])
        if keep_rows.all() and keep_columns.all():
            return rows, columns
        rows, columns = rows[keep_rows], columns[keep_columns]


def randomize(present: np.ndarray, count: int, seed: int, method: str) -> list[np.ndarray]:
    """Give ``count`` random matrices with the margins of ``present``."""
    seeds = [seed + number * SEED_STEP for number in range(count)]
    if method == "curveball":
        return [curveball(present, own) for own in seeds]
    filled = fill(present, count, seed)
    return [
        part if part is not None and same_margins(part, present) else curveball(present, own)
        for part, own in zip(filled, seeds, strict=True)
    ]


def fill(present: np.ndarray, count: int, seed: int) -> list[np.ndarray | None]:
    """Let lmpy's fill algorithm do it; None where it fails."""
    write_matrix("free.lmm", Matrix(present, [[*range(present.shape[0])], [*range(present.shape[1])]]))
    names = [f"filled_{number}.lmm" for number in range(count)]
    try:
        run_program("randomize_pam", ["free.lmm", *names], seed, FILL_SECONDS)
    except ToolError as error:
        sys.stderr.write(f"using the curveball algorithm instead: {error}\n")
    return [read_matrix(name).data.astype(int) if Path(name).exists() else None for name in names]


def same_margins(one: np.ndarray, other: np.ndarray) -> bool:
    """Say whether two matrices have equal row and column sums."""
    return all(np.array_equal(one.sum(axis=axis), other.sum(axis=axis)) for axis in (0, 1))


def tool(inputs: Inputs) -> Outputs:
    """Write the random matrices."""
    pam, count = read_matrix(inputs.file("pam").path), inputs.integer("count")
    if count < 1:
        raise ToolError(f"count must be 1 or more, not {count}")
    present = (pam.data > 0).astype(int)
    rows, columns = free_part(present)
    free = present[np.ix_(rows, columns)]
    can_vary = min(free.shape) >= LEAST
    random = randomize(free, count, inputs.integer("seed"), inputs.text("method")) if can_vary else [free] * count
    files = []
    for number, part in enumerate(random):
        whole = present.copy()
        whole[np.ix_(rows, columns)] = part
        path = f"random_{number:06}.lmm"
        write_matrix(path, Matrix(whole, pam.headers))
        files.append(output_file(path, f"random {inputs.integer('seed')}.{number}"))
    return {"matrices": files, "matrix": files[0]}


if __name__ == "__main__":
    run_tool(tool)
