"""Run COUNT times ``touch`` on one HyperQueue worker of SLOTS cores: ``python hyperqueue_items.py COUNT SLOTS``."""

import json
import sys
import time
from pathlib import Path

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig


def main(count: int, slots: int) -> None:
    """Measure and print the seconds."""
    touched = Path("touched").absolute()
    touched.mkdir()
    with LocalCluster() as cluster:
        cluster.start_worker(WorkerConfig(cores=slots))
        client = cluster.client()
        started = time.monotonic()
        job = Job()
        for number in range(count):
            job.program(["touch", f"{touched}/{number}"], stdout=None, stderr=None)
        client.wait_for_jobs([client.submit(job)])
        print(json.dumps({"seconds": time.monotonic() - started}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
