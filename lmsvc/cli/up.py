"""``lmsvc up``: the whole service on this machine, as plain processes below one supervisor."""

import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx

import lmsvc
from lmsvc.cli.programs import first_slots, programs
from lmsvc.client.errors import ClientError
from lmsvc.client.trust import authorization
from lmsvc.heartbeats import read_heartbeats, remove_heartbeat
from lmsvc.paths import DataPaths
from lmsvc.pools import PoolsPage
from lmsvc.ports import is_free
from lmsvc.settings import Settings
from lmsvc.supervisor import INSTANCE_MARK, AlreadyRunning, Supervisor, kill_instance, only_instance

READY_SECONDS = 60.0


class CannotStart(RuntimeError):
    """The service cannot start here; the message says what to do."""


def up(settings: Settings, announce: Callable[[str], None]) -> None:
    """Run the service until a signal asks it to end.

    Args:
        settings: the configuration.
        announce: told what a person should know, a line each.

    Raises:
        CannotStart: a program is missing, a port is taken, or the service does not become ready.
    """
    paths = DataPaths(settings.data_dir)
    try:
        with only_instance(paths.run / "up.lock"):
            _prepare(settings, paths)
            supervisor = Supervisor(list(programs(settings)), paths.logs, _environment(settings))
            _run(supervisor, settings, announce)
    except AlreadyRunning as error:
        raise CannotStart(
            f"another lmsvc (process {error}) runs on {settings.data_dir}: stop it, or choose another --data-dir"
        ) from None


def _run(supervisor: Supervisor, settings: Settings, announce: Callable[[str], None]) -> None:
    kill_instance(str(settings.data_dir))
    check_ports(settings)
    check_room(settings)
    headers = own_headers(settings)
    supervisor.start()
    try:
        _wait_ready(supervisor, settings, headers)
        if not supervisor.stopping:
            announce(f"lmsvc is ready: http://{settings.host}:{settings.port}")
        supervisor.run()
    finally:
        supervisor.stop()


def _environment(settings: Settings) -> dict[str, str]:
    temporary = str(DataPaths(settings.data_dir).temporary)
    return {**os.environ, **settings.environment(), INSTANCE_MARK: str(settings.data_dir), "TMPDIR": temporary}


def _offer_package(directory: Path) -> None:
    """Make this package, and no other, importable for tasks, whose Python has packages of its own."""
    directory.mkdir(exist_ok=True)
    link = directory / "lmsvc"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(lmsvc.__file__).parent)


def _prepare(settings: Settings, paths: DataPaths) -> None:
    _check_programs()
    shutil.rmtree(paths.temporary, ignore_errors=True)
    paths.make()
    (paths.root / "catalog").mkdir(exist_ok=True)
    _offer_package(paths.root / "python")
    remove_heartbeat(paths.controllers, settings.host_name)
    for name in PoolsPage(settings).pools():
        paths.pool(name).mkdir(parents=True, exist_ok=True)
        make_password(settings.password_file(name))


def _check_programs() -> None:
    needed = ("catalog_server", "makeflow", "work_queue_factory", "work_queue_worker", "setpriv", "flock")
    missing = [program for program in needed if shutil.which(program) is None]
    if missing:
        raise CannotStart(
            f"not installed: {', '.join(missing)}. Run `make setup`, or install the Debian packages of packages.apt"
        )


def make_password(path: Path) -> None:
    """Make a Work Queue password that only this user can read, unless there is one."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(24) + "\n")


def check_ports(settings: Settings) -> None:
    """Raise `CannotStart` where a port the service needs is taken, saying which variable moves it."""
    wanted = [
        (settings.host, settings.port, "--port or LMSVC_PORT"),
        (settings.catalog_host, settings.catalog_port, "LMSVC_CATALOG_PORT"),
        (settings.catalog_host, settings.catalog_port + 1, "LMSVC_CATALOG_PORT"),
    ]
    taken = [
        f"{host}:{port} is in use: choose another with {how}" for host, port, how in wanted if not is_free(port, host)
    ]
    if taken:
        raise CannotStart("\n".join(taken))


def check_room(settings: Settings) -> None:
    """Raise `CannotStart` where the disk has less room than Work Queue asks for a task, or the host too few GPUs.

    No task would ever start.
    """
    free = shutil.disk_usage(settings.data_dir).free // 1_048_576
    for name, pool in PoolsPage(settings).pools().items():
        if first_slots(settings, pool) and pool.gpus > settings.host_gpus:
            raise CannotStart(
                f"a slot of pool {name} has gpus: {pool.gpus}, and LMSVC_HOST_GPUS is {settings.host_gpus}:"
                " say there how many GPUs of this machine slots may use"
            )
        needed = min(pool.disk_mb, pool.memory_mb)
        if pool.slots.max and free < needed:
            raise CannotStart(
                f"{free} MB are free in {settings.data_dir}, but a slot of pool {name} needs {needed} MB:"
                " free some, choose another --data-dir, or set a smaller disk_mb in LMSVC_POOLS"
            )


def own_headers(settings: Settings) -> dict[str, str]:
    """Return what a request to the service's own web service needs, raising `CannotStart` where that is not known."""
    if settings.token_file is None:
        return {}
    try:
        return authorization(settings.token_file.read_text(encoding="utf-8").strip())
    except (OSError, ValueError, ClientError) as error:
        raise CannotStart(
            f"LMSVC_TOKEN_FILE names {settings.token_file}, but it holds no token that can be used: {error}"
        ) from None


def _wait_ready(supervisor: Supervisor, settings: Settings, headers: dict[str, str]) -> None:
    end = time.monotonic() + READY_SECONDS
    url = f"http://{settings.host}:{settings.port}/readyz"
    while time.monotonic() < end and not supervisor.stopping:
        supervisor.tick()
        if _answers(url, headers) and _slots_alive(settings):
            return
        time.sleep(0.05)
    if not supervisor.stopping:
        raise CannotStart(f"not ready after {READY_SECONDS:.0f} s; the logs in {settings.data_dir}/logs say why")


def _slots_alive(settings: Settings) -> bool:
    beats = read_heartbeats(DataPaths(settings.data_dir).controllers)
    slots = next((beat.slots for beat in beats if beat.host == settings.host_name), {})
    pools = PoolsPage(settings).pools()
    return all(slots.get(name, 0) >= first_slots(settings, pool) for name, pool in pools.items())


def _answers(url: str, headers: dict[str, str]) -> bool:
    try:
        return httpx.get(url, headers=headers, timeout=2.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
