"""A PostgreSQL server of the tests' own: started from Debian's package, reached by a socket, gone afterwards."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

_USERS = ("postgres", "nobody")
_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_SMALL = "small"
_numbers = count(1)


class NoPostgres(Exception):
    """PostgreSQL is not installed."""


@dataclass(frozen=True)
class Server:
    """A running server. `small_disk` is a directory of 16 MB for a tablespace, None where it cannot be mounted."""

    socket_dir: Path
    small_disk: Path | None

    def url(self, database: str = "postgres", schema: str = "public") -> str:
        """Return the URL of a schema of a database of this server."""
        return f"postgresql://lmsvc@/{database}?host={self.socket_dir}&options=-csearch_path%3D{schema}"

    def new_schema(self) -> str:
        """Create an empty schema, which is as good as a database and quicker; return its URL."""
        name = f"test_{next(_numbers)}"
        self.execute(f"CREATE SCHEMA {name}")
        return self.url(schema=name)

    @contextmanager
    def small_database(self) -> Iterator[str]:
        """Give the URL of an empty database on the small disk; drop it at the end."""
        self.execute(f"CREATE TABLESPACE {_SMALL} LOCATION '{self.small_disk}'")
        self.execute(f"CREATE DATABASE {_SMALL} TABLESPACE {_SMALL}")
        yield self.url(_SMALL)
        self.execute(f"DROP DATABASE {_SMALL} WITH (FORCE)")
        self.execute(f"DROP TABLESPACE {_SMALL}")

    def execute(self, statement: str) -> None:
        """Run a statement as the server's owner."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())


def programs() -> Path:
    """Return the directory of the newest server's programs.

    Raises:
        NoPostgres: there is none.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4]))
    if not found:
        raise NoPostgres("PostgreSQL is not installed: apt install postgresql")
    return found[-1].parent


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server in a directory of its own; stop it and remove the directory at the end."""
    binaries = programs()
    root = Path(tempfile.mkdtemp(prefix="lmsvc-postgres-"))
    try:
        _own(root)
        subprocess.run([*_as_user(), binaries / "initdb", *_initdb_options(root)], check=True, capture_output=True)
        small_disk = root / "disk" if _may_mount() else None
        with _process(_server_command(binaries, root, small_disk), root / "log") as process:
            server = Server(root, small_disk / "space" if small_disk else None)
            _wait_until_ready(server, process, root / "log")
            yield server
    finally:
        shutil.rmtree(root)


@contextmanager
def _process(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(_STOP_SECONDS)


def _user() -> str | None:
    """Return the user to run as, None for the present one: the server refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _USERS if name in known)


def _as_user() -> list[str]:
    """Return the words before a command that run it as that user, and end it with the tests."""
    user = _user()
    change = [f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"] if user else []
    return ["setpriv", *change, "--pdeathsig", "INT", "--"]


def _own(directory: Path) -> None:
    user = _user()
    if user is not None:
        shutil.chown(directory, user)


def _initdb_options(root: Path) -> list[str]:
    """Choose a locale whose order differs from SQLite's, to show that the store's own order holds."""
    locale = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
    return ["--pgdata", f"{root}/data", "--username=lmsvc", "--auth=trust", "--encoding=UTF8", "--no-sync", *locale]


def _may_mount() -> bool:
    trial = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    return os.geteuid() == 0 and trial.returncode == 0


def _server_command(binaries: Path, root: Path, small_disk: Path | None) -> list[str]:
    server = [*_as_user(), f"{binaries}/postgres", "-D", f"{root}/data", "-k", str(root)]
    server += ["-c", "listen_addresses=", "-c", "shared_buffers=32MB", "-c", "max_connections=60", "-c", "fsync=off"]
    if small_disk is None:
        return server
    small_disk.mkdir()
    mount = 'mount -t tmpfs -o size=16m tmpfs "$0" && mkdir "$0/space" && chown "$1" "$0/space" && shift && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", mount, str(small_disk), _user() or "", *server]


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            psycopg.connect(server.url()).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}")
