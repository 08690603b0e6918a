"""Run a console script with its random numbers seeded: ``python3 -m lmsvc.tools.seeded SEED SCRIPT ARGUMENT...``.

lmpy's programs draw from the global generators of ``random`` and numpy and have no option for a seed.
"""

import contextlib
import csv
import random
import runpy
import sys

import numpy as np

CSV_FIELD_LIMIT = 131_072


def become(seed: int, words: list[str]) -> None:
    """Seed both generators, then become the script.

    Args:
        seed: of the generators.
        words: the script and its arguments.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)  # the generator that the script's code uses
    _forget_settings()
    sys.argv = words
    runpy.run_path(words[0], run_name="__main__")


def _forget_settings() -> None:
    """Undo what a tool may have set in this process before it became the script."""
    csv.field_size_limit(CSV_FIELD_LIMIT)
    loaded = [module for name in ("gdal", "ogr", "osr") if (module := sys.modules.get(f"osgeo.{name}"))]
    for module in loaded * len(loaded):  # what was set last must be undone first, else it is refused
        if module.GetUseExceptions():
            with contextlib.suppress(RuntimeError):
                module.DontUseExceptions()


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
