"""Attempts at stages on disk: directories with one per shard, and a note of the slots they were written for."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from lmsvc.controller.shard_run import ENDED_MARK, write_shard
from lmsvc.files import write_json
from lmsvc.paths import JobPaths
from lmsvc.planning.results import PoolShape
from lmsvc.planning.stages import Stage
from lmsvc.planning.tasks import Shard
from lmsvc.settings import PoolSettings

PLACE_FILE = "place.json"


def attempt_number(attempt: Path) -> int:
    """Return the number of an attempt's directory."""
    return int(attempt.name.removeprefix("attempt-"))


def latest_attempt(paths: JobPaths, stage: str) -> Path | None:
    """Return the directory of the newest attempt at a stage, if there was one."""
    attempts = [path for path in (paths.stages / stage).glob("attempt-*") if path.suffix != ".partial"]
    return max(attempts, key=attempt_number, default=None)


def is_over(attempt: Path) -> bool:
    """Return whether every shard of an attempt ended and was dealt with."""
    return all((shard / ENDED_MARK).exists() for shard in attempt.glob("s*"))


def fits(attempt: Path, stage: Stage, pool: PoolShape) -> bool:
    """Return whether an attempt was written for these steps and for slots like these."""
    try:
        written = json.loads((attempt / PLACE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:  # Written by an earlier version, whose pools never changed while it ran.
        return True
    return bool(written == place_of(stage, pool))


def place_of(stage: Stage, pool: PoolShape) -> dict[str, object]:
    """Return what an attempt keeps of the slots it was written for."""
    return {"steps": list(stage.steps), "pool": pool.name, **slot_of(pool)}


def slot_of(pool: PoolShape | PoolSettings) -> dict[str, int]:
    """Return what a pool's slots offer to a task; GPUs only where there are some, as attempts of earlier versions."""
    gpus = {"gpus": pool.gpus} if pool.gpus else {}
    return {"cores": pool.cores, "memory_mb": pool.memory_mb, "disk_mb": pool.disk_mb, **gpus}


def give_up(attempt: Path) -> None:
    """Note on disk that nothing more is to come from an attempt."""
    for shard in attempt.glob("s*"):
        (shard / ENDED_MARK).touch()


def next_generation(paths: JobPaths) -> int:
    """Return a number that no attempt of the job has had."""
    attempts = [path for path in paths.stages.glob("*/attempt-*") if path.suffix != ".partial"]
    return 1 + max(map(attempt_number, attempts), default=0)


def write_attempt(
    attempt: Path, shards: Sequence[Shard], stage: Stage, pool: PoolShape, files: tuple[Path, Mapping[str, Path]]
) -> None:
    """Write an attempt's shards, all of them or none.

    Args:
        attempt: the directory to make.
        shards: what to run.
        stage: what they belong to.
        pool: what each slot offers.
        files: directory of finished bundles, and uploads by name.
    """
    bundles, uploads = files
    partial = attempt.with_name(attempt.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    write_json(partial / PLACE_FILE, place_of(stage, pool), indent=1)
    for shard in shards:
        write_shard(partial / f"s{shard.index}", shard.tasks, pool, bundles, uploads)
    partial.rename(attempt)
