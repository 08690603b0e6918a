"""Run a console script with its random numbers seeded: ``python3 -m lmsvc.tools.seeded SEED SCRIPT ARGUMENT...``.

lmpy's programs draw from the global generators of ``random`` and numpy and have no option for a seed.
"""

import random
import runpy
import sys

import numpy as np


def main() -> None:
    """Seed both generators, then become the script."""
    seed, script = int(sys.argv[1]), sys.argv[2]
    random.seed(seed)
    np.random.seed(seed % 2**32)  # the generator that the script's code uses
    sys.argv = sys.argv[2:]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
