"""The programs of a one-machine service and their command lines."""

import os
import sys
from collections.abc import Collection, Iterator, Sequence

from lmsvc.paths import DataPaths
from lmsvc.pools import PoolsPage
from lmsvc.settings import PoolSettings, Settings
from lmsvc.supervisor import INSTANCE_MARK, Program

_CATALOG_LIFETIME_SECONDS = 120


def programs(settings: Settings) -> Iterator[Program]:
    """Yield the programs of a one-machine service, in the order to start them."""
    paths = DataPaths(settings.data_dir)
    yield Program("catalog", _catalog(settings, paths), paths.root / "catalog")
    yield Program("controller", _lmsvc("controller"), paths.root)
    pools = PoolsPage(settings).pools()
    room = _room(settings, [pool for pool in pools.values() if pool.backend == "factory"])
    for name, pool in pools.items():
        yield _pool(settings, paths, name, pool, room)
    yield Program("web", _lmsvc("web"), paths.root)


def _pool(settings: Settings, paths: DataPaths, name: str, pool: PoolSettings, room: Sequence[str]) -> Program:
    """Return the agent of a pool, or what keeps its jobs in the batch system."""
    own = [*_agent(settings, paths, name), *_shape(pool)]
    directory = paths.pool(name)
    if pool.backend == "slurm":
        words = _lmsvc("batch", "--directory", str(directory), "--node-dir", str(directory), "--", *own)
        return Program(f"batch-{name}", words, directory)
    here = ["--host", settings.host_name, "--pool-dir", str(directory), "--slots", str(first_slots(settings, pool))]
    python = ["env", f"PYTHONPATH={paths.root / 'python'}", sys.executable]
    return Program(f"agent-{name}", [*python, "-m", "lmsvc.worker.agent", *own, *here, *room], directory)


def _lmsvc(*words: str) -> list[str]:
    return [sys.executable, "-m", "lmsvc.cli.main", *words]


def _catalog(settings: Settings, paths: DataPaths) -> list[str]:
    here = f"{settings.catalog_host}:{settings.catalog_port}"
    return [
        *(
            "catalog_server",
            "-p",
            str(settings.catalog_port),
            "-I",
            settings.catalog_host,
            "-u",
            here,
            "-n",
            "localhost",
        ),
        *("-l", str(_CATALOG_LIFETIME_SECONDS), "-H", str(paths.root / "catalog" / "history")),
        *("-o", str(paths.logs / "catalog.debug"), "-O", "1M"),
    ]


def _agent(settings: Settings, paths: DataPaths, name: str) -> list[str]:
    return [
        *("--pool", name, "--catalog", f"{settings.catalog_host}:{settings.catalog_port}"),
        *("--controllers", ",".join(settings.controllers), *_passwords(settings, name)),
        *("--path", settings.tool_path, "--env", f"PYTHONPATH={paths.root / 'python'}"),
        *("--env", f"{INSTANCE_MARK}={settings.data_dir}"),
    ]


def _shape(pool: PoolSettings) -> list[str]:
    room = ["--cores", str(pool.cores), "--memory-mb", str(pool.memory_mb), "--disk-mb", str(pool.disk_mb)]
    return [*room, "--gpus", str(pool.gpus)]


def first_slots(settings: Settings, pool: PoolSettings) -> int:
    """Return the slots to start with, which work from the first moment on."""
    here = pool.backend == "factory" and (pool.hosts is None or settings.host_name in pool.hosts)
    return pool.slots.min if here else 0


def _room(settings: Settings, pools: Collection[PoolSettings]) -> list[str]:
    """Return what all pools may use together: this machine, or more where that many slots are asked for anyway."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_048_576
    cores = max(len(os.sched_getaffinity(0)), sum(pool.slots.min * pool.cores for pool in pools))
    memory_mb = max(memory, sum(pool.slots.min * pool.memory_mb for pool in pools))
    return ["--host-cores", str(cores), "--host-memory-mb", str(memory_mb), "--host-gpus", str(settings.host_gpus)]


def _passwords(settings: Settings, pool: str) -> list[str]:
    previous = settings.previous_password_file(pool)
    known = ["--previous-password-file", str(previous)] if previous.exists() else []
    return ["--password-file", str(settings.password_file(pool)), *known]
