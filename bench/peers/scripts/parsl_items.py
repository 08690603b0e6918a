"""Run COUNT times ``touch`` on SLOTS workers of Parsl's HTEX: ``python parsl_items.py COUNT SLOTS``."""

import json
import subprocess
import sys
import time
from pathlib import Path

import parsl
from parsl.app.app import python_app
from parsl.config import Config
from parsl.executors import HighThroughputExecutor
from parsl.providers import LocalProvider


def configuration(slots: int) -> Config:
    """Return one block of ``slots`` workers on this machine."""
    provider = LocalProvider(init_blocks=1, min_blocks=1, max_blocks=1)
    executor = HighThroughputExecutor(
        label="htex", address="127.0.0.1", max_workers_per_node=slots, cores_per_worker=1, provider=provider
    )
    return Config(executors=[executor], run_dir="runinfo", strategy="none")


def main(count: int, slots: int) -> None:
    """Measure and print the seconds."""
    touched = Path("touched").absolute()
    warm = Path("warm").absolute()
    touched.mkdir()
    warm.mkdir()
    item = python_app(subprocess.check_call)
    with parsl.load(configuration(slots)):
        for future in [item(["touch", f"{warm}/{number}"]) for number in range(slots)]:
            future.result()
        started = time.monotonic()
        for future in [item(["touch", f"{touched}/{number}"]) for number in range(count)]:
            future.result()
        print(json.dumps({"seconds": time.monotonic() - started}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
