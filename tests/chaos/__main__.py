"""``python -m tests.chaos --seed N``: one fault run, told in words."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import fault_run


def main() -> int:
    """Run and tell; 1 where an invariant was violated."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description="Kill processes at random under load.")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same jobs and victims")
    parser.add_argument("--jobs", type=int, default=40, help="how many jobs to submit")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lmsvc-chaos-") as directory:
        history, found = fault_run(Path(directory), options.seed, options.jobs)
    for when, victim in history.kills:
        print(f"{when:7.1f} s  kill -9 {victim}")
    print(f"seed {options.seed}: {len(history.acknowledged)} jobs, {len(history.kills)} kills, {len(found)} violations")
    for violation in found:
        print(f"  {violation}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
