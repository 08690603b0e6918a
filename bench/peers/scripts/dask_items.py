"""Run COUNT times ``touch`` on SLOTS workers of Dask distributed: ``python dask_items.py COUNT SLOTS``."""

import json
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client, LocalCluster


def item(number: int) -> int:
    """Run one item; return its exit code."""
    return subprocess.run(["touch", f"touched/{number}"], check=True).returncode


def main(count: int, slots: int) -> None:
    """Measure and print the seconds."""
    Path("touched").mkdir()
    with (
        LocalCluster(n_workers=slots, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        client.wait_for_workers(slots)
        started = time.monotonic()
        client.gather(client.map(item, range(count), pure=False))
        print(json.dumps({"seconds": time.monotonic() - started}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
