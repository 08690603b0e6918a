"""The curveball algorithm (Strona et al. 2014): a random matrix with the same row and column sums, always."""

import numpy as np

TRADES_PER_ROW = 5


def curveball(present: np.ndarray, seed: int) -> np.ndarray:
    """Randomise a matrix of zeros and ones by trading species between pairs of sites.

    Args:
        present: the matrix, with two rows or more.
        seed: equal seeds give equal matrices.
    """
    generator = np.random.default_rng(seed)
    rows = [set(np.flatnonzero(row)) for row in present]
    for _ in range(TRADES_PER_ROW * len(rows)):
        one, other = generator.choice(len(rows), 2, replace=False)
        _trade(rows, int(one), int(other), generator)
    result = np.zeros_like(present)
    for number, row in enumerate(rows):
        result[number, sorted(row)] = 1
    return result


def _trade(rows: list[set[int]], one: int, other: int, generator: np.random.Generator) -> None:
    shared = rows[one] & rows[other]
    tradable = sorted(rows[one] ^ rows[other])
    keep = len(rows[one]) - len(shared)
    mixed = [tradable[place] for place in generator.permutation(len(tradable))]
    rows[one] = shared | set(mixed[:keep])
    rows[other] = shared | set(mixed[keep:])
