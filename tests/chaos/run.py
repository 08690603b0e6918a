"""One fault run from its seed."""

import random
import time
from pathlib import Path

from tests.chaos.checker import violations
from tests.chaos.history import History
from tests.chaos.load import Load, plan_jobs
from tests.service.running import RunningService, kill, wait_for

VICTIMS = {
    "controller": ("lmsvc.cli.main", "controller"),
    "makeflow": ("makeflow", "lm-default"),
    "worker": ("work_queue_worker", "--single-shot"),
    "task": ("lm_step.py",),
    "slot": ("from lmsvc.worker.slot import main",),
    "agent": ("lmsvc.worker.agent",),
    "factory": ("work_queue_factory",),
    "catalog": ("catalog_server",),
    "web": ("gunicorn",),
}
EVERYTHING = "everything"
END_SECONDS = 300.0
LAST_STRIKES = 5


def fault_run(directory: Path, seed: int, jobs: int, pause_seconds: float = 1.0) -> tuple[History, list[str]]:
    """Run a load under random kills; return its history and every violation of an invariant.

    Args:
        directory: an empty directory.
        seed: the same seed plans the same jobs and draws the same victims.
        jobs: how many jobs to submit.
        pause_seconds: mean time between two kills.
    """
    outside = directory / "outside"
    outside.mkdir(parents=True)
    service = RunningService(directory / "data", lease_seconds=5.0)
    history = History(seed)
    service.start()
    try:
        _disturb(service, history, jobs, pause_seconds)
        return history, list(violations(history, service, outside))
    finally:
        service.stop()


def _disturb(service: RunningService, history: History, jobs: int, pause_seconds: float) -> None:
    load = Load(service, history, random.Random(history.seed))
    faults = random.Random(history.seed + 1)
    due = time.monotonic() + faults.expovariate(1 / pause_seconds)
    try:
        for planned in plan_jobs(random.Random(history.seed + 2), jobs):
            load.submit(planned)
            load.watch()
            if time.monotonic() > due:
                _strike(service, history, faults)
                due = time.monotonic() + faults.expovariate(1 / pause_seconds)
            time.sleep(0.4)
        for _ in range(LAST_STRIKES):
            _strike(service, history, faults)
            time.sleep(pause_seconds)
        wait_for("all jobs ended after the last fault", load.watch, END_SECONDS)
    finally:
        load.close()


def _strike(service: RunningService, history: History, faults: random.Random) -> None:
    victim = faults.choice([*VICTIMS, EVERYTHING])
    history.kill(victim)
    if victim == EVERYTHING:
        service.kill_everything()
        service.start()
        return
    pids = service.find(*VICTIMS[victim])
    if pids:
        kill(faults.choice(pids))
