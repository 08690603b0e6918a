#!/usr/bin/env python3
"""The step runner: runs one task, a batch of items of one step, and writes what came of it as one bundle.

It is a single file of the standard library (Python 3.9 or newer) because it travels with every task as ``lm_step.py``,
so that any worker image can run it. It exits 0 whenever it could write the bundle, whatever became of the items: a
failed Makeflow rule therefore always means trouble with the infrastructure, never with a tool.

Usage: ``python3 lm_step.py TASK.json`` in the task's sandbox.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import json
import os
import re
import select
import shutil
import signal
import socket
import stat
import sys
import tarfile
import time
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, NoReturn

JsonObject = dict[str, Any]

FORMAT = 1
KEEP_BYTES = 1_000_000
"""Of each of a tool's stdout and stderr, this much is kept."""
SAMPLE_SECONDS = 0.1
"""Time between two looks at the memory of a running tool."""
DISK_SAMPLE_SECONDS = 1.0
MANAGER_SECONDS = 0.1
"""Time between two looks whether the worker still has its manager."""
TAIL_LINES = 20
ITEM_DIRECTORY = "lm/item"
"""Where in the sandbox an item works: its streams are ``stdout`` and ``stderr`` there, its number ``index``."""
OBJECT_BYTES = 64_000_000
"""Largest ``cwl.output.json`` that is read."""
WARM_SECONDS = 60.0
"""A fork server that takes longer to make a process, its own start included, is given up."""
ANSWER_BYTES = 10_000
MEGABYTE = 1_000_000
MOST_LOSSES = 3
"""A task that lost its worker as often as this on one host is not run there again."""
LOSS_COUNTED_SECONDS = 3.0
"""A slot whose worker was lost has counted that after this."""

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class BundleError(Exception):
    """A bundle is missing, cut short or lacks a member."""


class TaskError(Exception):
    """The task itself cannot run (unreadable specification or bundle): Makeflow is to try it again elsewhere."""


class Stop(Exception):
    """The end of one item short of success.

    Attributes:
        state: `failed`, `skipped` or `not_run`.
        reason: why, for the user.
        final: whether trying again would be in vain.
    """

    def __init__(self, state: str, reason: str, *, final: bool = False) -> None:
        """Remember state and reason."""
        super().__init__(reason)
        self.state = state
        self.reason = reason
        self.final = final or state != "failed"


# ------------------------------------------------------------------------------------------------------- bundles


def write_bundle(path: Path, status: JsonObject, files: Mapping[str, Path]) -> None:
    """Write a bundle under a temporary name and rename it.

    Args:
        path: where the bundle shall be.
        status: what becomes its first member, ``status.json``.
        files: the other members, by name, with the files to copy.

    Raises:
        OSError: it could not be written; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as out:
            body = json.dumps(status, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
            out.write(_member_header("status.json", len(body)) + body + _padding(len(body)))
            for member, source in files.items():
                with source.open("rb") as handle:
                    size = os.fstat(handle.fileno()).st_size
                    out.write(_member_header(member, size))
                    shutil.copyfileobj(handle, out, 1 << 20)
                    out.write(_padding(size))
            out.write(bytes(2 * tarfile.BLOCKSIZE))
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _member_header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


class Bundle:
    """A finished bundle, open for reading."""

    def __init__(self, path: Path) -> None:
        """Open the bundle at ``path`` and read its status.

        Raises:
            BundleError: it is missing, cut short or not a bundle.
        """
        self.path = path
        with contextlib.ExitStack() as opened:
            try:
                self._handle = opened.enter_context(path.open("rb"))
                _check_end(self._handle)
                self._tar = tarfile.TarFile(fileobj=self._handle)
                self.status = self._read_status()
            except (OSError, tarfile.TarError, ValueError) as error:
                raise BundleError(f"{path.name} is not a complete bundle: {error}") from error
            opened.pop_all()
        self.items: dict[int, JsonObject] = {int(item["index"]): item for item in self.status["items"]}
        self._members: dict[str, tarfile.TarInfo] = {}

    def _read_status(self) -> JsonObject:
        first = self._tar.next()
        handle = self._tar.extractfile(first) if first and first.name == "status.json" else None
        status = json.loads(handle.read()) if handle else None
        if not isinstance(status, dict) or status.get("format") != FORMAT:
            raise ValueError(f"no status.json of format {FORMAT} at its start")
        return status

    def open(self, member: str) -> IO[bytes]:
        """Return one member, open for reading.

        Raises:
            BundleError: there is no such member.
        """
        if not self._members:
            self._members = {info.name: info for info in self._tar.getmembers()}
        info = self._members.get(member)
        source = self._tar.extractfile(info) if info else None
        if source is None:
            raise BundleError(f"{self.path.name} has no member {member}")
        return source

    def read(self, member: str) -> bytes:
        """Return what is in one member.

        Raises:
            BundleError: there is no such member.
        """
        with self.open(member) as source:
            return source.read()

    def copy(self, member: str, target: Path) -> None:
        """Copy one member to the file ``target``.

        Raises:
            BundleError: there is no such member.
            OSError: the file could not be written.
        """
        with self.open(member) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    def __enter__(self) -> Bundle:
        """Return the bundle itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


def _check_end(handle: BinaryIO) -> None:
    size = handle.seek(0, os.SEEK_END)
    handle.seek(max(0, size - 2 * tarfile.BLOCKSIZE))
    if size % tarfile.BLOCKSIZE or handle.read() != bytes(2 * tarfile.BLOCKSIZE):
        raise ValueError("it is cut short")
    handle.seek(0)


def read_status(path: Path) -> JsonObject:
    """Return the status of a bundle.

    Raises:
        BundleError: it is missing, cut short or not a bundle.
    """
    with Bundle(path) as bundle:
        return bundle.status


def extract(path: Path, member: str, target: Path) -> None:
    """Copy one member of the bundle at ``path`` to the file ``target``.

    Raises:
        BundleError: the bundle is damaged or has no such member.
        OSError: the file could not be written.
    """
    with Bundle(path) as bundle:
        bundle.copy(member, target)


# --------------------------------------------------------------------------------------------------------- names


def safe_name(label: str, limit: int = 80) -> str:
    """Return a file name made of the label that no shell, path or program can misread.

    Only ASCII letters, digits, ``.``, ``_`` and ``-`` remain, it starts with none of ``.`` and ``-``, and is at most
    ``limit`` characters long; a suffix such as ``.tif`` survives shortening.
    """
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).lstrip("._-").rstrip("_") or "file"
    stem, dot, suffix = name.rpartition(".")
    if len(name) > limit and dot and len(suffix) <= 10:
        return stem[: limit - len(suffix) - 1] + dot + suffix
    return name[:limit]


def unique_name(name: str, taken: set[str]) -> str:
    """Return ``name``, numbered if it differs from a name in ``taken`` by case at most, and add it there."""
    stem, dot, suffix = name.partition(".")
    candidate, number = name, 2
    while candidate.lower() in taken:
        candidate, number = f"{stem}-{number}{dot}{suffix}", number + 1
    taken.add(candidate.lower())
    return candidate


# -------------------------------------------------------------------------------------------------------- inputs


class Origin(NamedTuple):
    """Where an input file is before it is placed: a path on this host, or a member of a bundle."""

    basename: str
    label: str | None
    path: Path | None
    bundle: Bundle | None
    member: str


class Sources:
    """Resolves the sources of a task's inputs and places files for its items."""

    def __init__(self, sandbox: Path, store: Path, host: str) -> None:
        """Resolve relative to ``sandbox``; files shared by several items are unpacked once, below ``store``."""
        self._sandbox = sandbox
        self._store = store
        self._host = host
        self._bundles: dict[str, Bundle] = {}
        self._unpacked: dict[tuple[str, str], Path] = {}

    def value(self, name: str, source: JsonObject, optional: bool) -> object:
        """Return what an input is, its files as `Origin`.

        Raises:
            Stop: what it comes from was skipped, failed, or nothing of it is left.
            TaskError: a bundle is unreadable or the source is of no known kind.
        """
        value = self._resolve(source)
        if value == [] and not optional and ("gather" in source or "merge" in source):
            raise self._nothing_left(name, source)
        return value

    def label(self, source: JsonObject) -> str | None:
        """Return the label of the element a bundle source names, or else of the item that made it."""
        item = self._bundle(source["bundle"]).items.get(source["item"], {})
        value, element = item.get("outputs", {}).get(source["output"]), source.get("element")
        if isinstance(value, list) and element is not None and element < len(value):
            value = value[element]
        label = value.get("label") if isinstance(value, dict) else None
        return label if isinstance(label, str) else item.get("label")

    def _resolve(self, source: JsonObject) -> object:
        if "value" in source:
            return source["value"]
        if "file" in source:
            return self._host_file(source)
        if "bundle" in source:
            return self._item_output(source)
        if "gather" in source:
            return [value for items in self._gathered(source) for value in items]
        if "merge" in source:
            return self._merged(source["merge"])
        raise TaskError(f"unknown kind of source: {json.dumps(source)[:200]}")

    def _host_file(self, source: JsonObject) -> Origin:
        path = self._sandbox / source["file"]
        basename = source.get("basename") or path.name
        return Origin(safe_name(basename), source.get("label"), path, None, "")

    def _item_output(self, source: JsonObject) -> object:
        bundle = self._bundle(source["bundle"])
        item = bundle.items.get(source["item"])
        if item is None:
            raise TaskError(f"{source['bundle']} has no item {source['item']}")
        _stop_like(bundle.status["step"], item)
        value = item["outputs"].get(source["output"])
        element = source.get("element")
        if element is not None and isinstance(value, list):
            value = value[element] if element < len(value) else None
        if value is None:
            raise Stop("skipped", f"skipped, because {_named(bundle.status['step'], item)} made no {source['output']}")
        return _with_origins(bundle, value)

    def _gathered(self, source: JsonObject) -> Iterator[list[object]]:
        for bundle, item in self._gathered_items(source):
            value = item["outputs"].get(source["output"]) if item["state"] == "succeeded" else None
            if value is not None:
                values = value if isinstance(value, list) else [value]
                yield [_with_origins(bundle, one) for one in values]

    def _gathered_items(self, source: JsonObject) -> Iterator[tuple[Bundle, JsonObject]]:
        for part in source["gather"]:
            bundle = self._bundle(part["bundle"])
            wanted = part.get("items")
            for index in bundle.items if wanted is None else wanted:
                if index not in bundle.items:
                    raise TaskError(f"{part['bundle']} has no item {index}")
                yield bundle, bundle.items[index]

    def _merged(self, sources: Sequence[JsonObject]) -> list[object]:
        merged: list[object] = []
        stopped: list[Stop] = []
        for source in sources:
            try:
                value = self._resolve(source)
            except Stop as stop:
                stopped.append(stop)
            else:
                merged.extend(value if isinstance(value, list) else [value])
        if stopped and not merged:
            raise stopped[0]
        return merged

    def _nothing_left(self, name: str, source: JsonObject) -> Stop:
        parts = [source] if "gather" in source else [part for part in source["merge"] if "gather" in part]
        seen = [(part, bundle, item) for part in parts for bundle, item in self._gathered_items(part)]
        for _, bundle, item in seen:
            if item["state"] in ("failed", "not_run"):
                return Stop("not_run", _because_failed(bundle.status["step"], item))
        if not seen:
            return Stop("skipped", f"no element is left for input {name}")
        part, bundle, _ = seen[0]
        return Stop("skipped", f"no element of {bundle.status['step']}/{part['output']} is left")

    def _bundle(self, name: str) -> Bundle:
        if name not in self._bundles:
            try:
                self._bundles[name] = Bundle(self._sandbox / name)
            except BundleError as error:
                raise TaskError(str(error)) from error
        return self._bundles[name]

    def place(self, value: object, directory: Path, *, shared: bool) -> object:
        """Put the files of a value below ``directory`` and return the value as CWL writes it.

        Args:
            value: what `value` returned.
            directory: ``inputs/<name>`` in the working directory of the item; made when there is a file.
            shared: other items use it too, so it is unpacked once and linked.

        Raises:
            Stop: a file is not on this host.
        """
        taken: set[str] = set()

        def placed(one: object) -> object:
            if isinstance(one, Origin):
                return self._placed(one, directory, taken, shared)
            return [placed(element) for element in one] if isinstance(one, list) else one

        return placed(value)

    def _placed(self, origin: Origin, directory: Path, taken: set[str], shared: bool) -> JsonObject:
        basename = unique_name(origin.basename, taken)
        directory.mkdir(parents=True, exist_ok=True)
        self._put(origin, directory / basename, shared)
        path = f"{directory.parent.name}/{directory.name}/{basename}"
        return {"class": "File", "path": path, "basename": basename, "label": origin.label}

    def _put(self, origin: Origin, target: Path, shared: bool) -> None:
        if origin.bundle is None and origin.path is not None:
            if not origin.path.is_file():
                raise Stop("failed", f"input file {origin.path} is not there on host {self._host}", final=True)
            target.symlink_to(origin.path)
        elif origin.bundle is not None and shared:
            target.symlink_to(self._unpack(origin.bundle, origin.member))
        elif origin.bundle is not None:
            _copy_member(origin.bundle, origin.member, target)

    def _unpack(self, bundle: Bundle, member: str) -> Path:
        key = (bundle.path.name, member)
        if key not in self._unpacked:
            self._store.mkdir(exist_ok=True)
            target = self._store / str(len(self._unpacked))
            _copy_member(bundle, member, target)
            self._unpacked[key] = target
        return self._unpacked[key]


def _copy_member(bundle: Bundle, member: str, target: Path) -> None:
    try:
        bundle.copy(member, target)
    except (BundleError, tarfile.TarError) as error:
        raise TaskError(str(error)) from error


def _with_origins(bundle: Bundle, value: object) -> object:
    if isinstance(value, list):
        return [_with_origins(bundle, one) for one in value]
    if isinstance(value, dict) and value.get("class") == "File":
        return Origin(safe_name(value["basename"]), value.get("label"), None, bundle, value["path"])
    return value


def _named(step: str, item: JsonObject) -> str:
    return f"{step} {item['label']}" if item.get("label") else step


def _stop_like(step: str, item: JsonObject) -> None:
    """Stop this item as the item it depends on was stopped."""
    if item["state"] == "skipped":
        reason = str(item.get("reason"))
        known = reason.startswith("skipped, because ")
        raise Stop("skipped", reason if known else f"skipped, because {_named(step, item)}: {reason}")
    if item["state"] != "succeeded":
        raise Stop("not_run", _because_failed(step, item))


def _because_failed(step: str, item: JsonObject) -> str:
    reason = str(item.get("reason"))
    known = reason.startswith("not run, because ")
    return reason if known else f"not run, because {_named(step, item)} failed: {reason}"


# ------------------------------------------------------------------------------------------------------- command


def is_optional(kind: object) -> bool:
    """Return whether a type expression (``File[]?``, or an enum's mapping) allows the value to be left out."""
    return kind.endswith("?") if isinstance(kind, str) else isinstance(kind, dict) and bool(kind.get("optional"))


def is_array(kind: object) -> bool:
    """Return whether a type expression is one of an array."""
    return isinstance(kind, str) and kind.rstrip("?").endswith("[]")


def command_line(tool: JsonObject, values: Mapping[str, object]) -> list[str]:
    """Return the words of the command, with inputs bound as CWL's CommandLineTool binds them."""
    bound = [
        (spec["binding"].get("position") or 0, name, spec["binding"])
        for name, spec in tool["inputs"].items()
        if spec.get("binding") is not None
    ]
    words = [*tool["base_command"], *tool.get("arguments", [])]
    for _, name, binding in sorted(bound, key=lambda entry: entry[:2]):
        words.extend(_bound_words(binding, values.get(name)))
    return words


def _bound_words(binding: JsonObject, value: object) -> list[str]:
    prefix, separator = binding.get("prefix"), binding.get("item_separator")
    if value is None or value is False or value == []:
        return []
    if value is True:
        return [prefix] if prefix else []
    words = [_word(one) for one in value] if isinstance(value, list) else [_word(value)]
    if separator is not None:
        words = [separator.join(words)]
    if not prefix:
        return words
    return [prefix, *words] if binding.get("separate", True) else [prefix + words[0], *words[1:]]


def _word(value: object) -> str:
    if isinstance(value, dict) and value.get("class") == "File":
        value = value["path"]
    text = value if isinstance(value, str) else json.dumps(value)
    if "\0" in text:
        raise Stop("failed", "an input holds a NUL character, which no command line can carry", final=True)
    return text


# ----------------------------------------------------------------------------------------------------- processes


def end_with_parent() -> None:
    """See that this process and all that descends from it end as soon as its parent does."""
    signal.signal(signal.SIGTERM, _end_all)
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def connections(descriptors: Iterable[str]) -> dict[str, str]:
    """Return the connections among some descriptors, all of them the worker's: where it has them, and which they are.

    The worker opens none beside the one to its manager while it starts a task.
    """
    there = [number for number in descriptors if int(number) > 2 and _is_connection(int(number))]
    return {f"/proc/{os.getppid()}/fd/{number}": _target(f"/proc/self/fd/{number}") for number in there}


def _is_connection(descriptor: int) -> bool:
    try:
        with socket.socket(fileno=os.dup(descriptor)) as one:
            return one.family in (socket.AF_INET, socket.AF_INET6) and bool(one.getpeername())
    except OSError:
        return False


def _target(link: str) -> str:
    try:
        return str(Path(link).readlink())
    except OSError:
        return ""


def end_with_manager(links: Mapping[str, str]) -> None:
    """See that this process and all that descends from it end as soon as the worker has let go of its manager.

    Nobody takes the result then, and others run the task again. The worker ends it, too, but not before it is 3 s old
    (CCTools 7.14.5), or after its files (Debian 12's release): so long it would begin one item after the other.

    Args:
        links: the worker's connections, as `connections` returns them; none: there is nothing to look at.
    """

    def look(*_: object) -> None:
        if not any(_target(link) == target for link, target in links.items()):
            signal.setitimer(signal.ITIMER_REAL, 0)
            _end_all()

    if links:
        signal.signal(signal.SIGALRM, look)
        signal.setitimer(signal.ITIMER_REAL, MANAGER_SECONDS, MANAGER_SECONDS)


def lead_group() -> None:
    """Lead a process group, which is what a worker kills to end its task.

    The worker means to make the group itself but loses the race where the task starts quickly; its kill then finds no
    group, and it waits for a task for ever.
    """
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def _end_all(*_: object) -> NoReturn:
    end_descendants()
    os._exit(1)


def adopt_descendants() -> None:
    """Become the parent of descendants whose own parent ends, so that none escapes."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(pid: int) -> list[int]:
    """Return the children of a process; none if it is gone."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.scandir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found.extend(map(int, _read(f"{thread.path}/children").split()))
    return found


def descendants(pid: int, spared: int = 0) -> list[int]:
    """Return all descendants of a process, nearest first, but for its child ``spared`` and what descends from that."""
    found = [child for child in children(pid) if child != spared]
    for child in found:
        found.extend(children(child))
    return found


def _read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 1 << 16)
    finally:
        os.close(fd)


def end_descendants(spared: int = 0, patience: float = 10.0) -> None:
    """Kill everything that descends from this process and reap it, waiting at most ``patience`` seconds.

    The child ``spared`` is left alone and not reaped, so that its number cannot come to mean another process.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        present = [pid for pid in children(os.getpid()) if pid != spared]
        if not present:
            return
        if not all([os.waitpid(pid, os.WNOHANG)[0] for pid in present]):
            kill_descendants(spared)
            time.sleep(0.002)


def kill_descendants(spared: int = 0) -> None:
    """Send SIGKILL to everything that descends from this process, but for the child ``spared``."""
    for pid in descendants(os.getpid(), spared):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / MEGABYTE


def tree_memory_mb(spared: int = 0) -> float:
    """Return the resident memory of all descendants of this process but ``spared``, shared pages counted for each."""
    total = 0
    for pid in descendants(os.getpid(), spared):
        with contextlib.suppress(OSError, IndexError):
            total += int(_read(f"/proc/{pid}/statm").split()[1])
    return total * _PAGE_MB


def tree_share_mb() -> float:
    """Return the resident memory of all descendants, each shared page counted once; slower."""
    total = 0
    for pid in descendants(os.getpid()):
        with contextlib.suppress(OSError, AttributeError):
            found = re.search(rb"^Pss:\s+(\d+)", _read(f"/proc/{pid}/smaps_rollup"), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total * 1024 / MEGABYTE


def disk_mb(directory: Path) -> float:
    """Return the space all files below ``directory`` take."""
    total = 0
    waiting = [str(directory)]
    while waiting:
        with contextlib.suppress(OSError):
            for entry in os.scandir(waiting.pop()):
                with contextlib.suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return total * 512 / MEGABYTE


class Ended(NamedTuple):
    """How a tool ended: what the kernel said, what it used, and the limit it was killed for, in words."""

    exit_code: int | None
    signal: int | None
    seconds: float
    peak_memory_mb: float
    exceeded: str | None


class Watch:
    """Looks at a running tool's memory, time and disk."""

    def __init__(self, limits: JsonObject, directory: Path, spared: int = 0) -> None:
        """Start the clock of an item that works in ``directory``; the process ``spared`` is no part of it."""
        self._limits = limits
        self._directory = directory
        self._spared = spared
        self._started = time.monotonic()
        self._next_disk = self._started + DISK_SAMPLE_SECONDS
        self.peak_mb = 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def exceeded(self) -> str | None:
        """Return which limit the tool has passed, in words, or None."""
        return self._memory() or self._time() or self._disk()

    def _memory(self) -> str | None:
        used, allowed = tree_memory_mb(self._spared), self._limits.get("memory_mb")
        if allowed and used > allowed:
            used = min(used, tree_share_mb() or used)
        self.peak_mb = max(self.peak_mb, used)
        return f"used {used:.0f} MB, more than the {allowed} MB allowed" if allowed and used > allowed else None

    def _time(self) -> str | None:
        allowed = self._limits.get("seconds")
        return f"ran longer than the {allowed:g} s allowed" if allowed and self.seconds > allowed else None

    def _disk(self) -> str | None:
        allowed, now = self._limits.get("disk_mb"), time.monotonic()
        if not allowed or now < self._next_disk:
            return None
        used = disk_mb(self._directory)
        self._next_disk = time.monotonic() + max(DISK_SAMPLE_SECONDS, 20 * (time.monotonic() - now))
        return f"wrote {used:.0f} MB of files, more than the {allowed} MB allowed" if used > allowed else None


class Launch(NamedTuple):
    """What is needed to start a tool.

    Attributes:
        program: the path of its program.
        words: its command line.
        environment, directory, stdout, stderr: what it is started with.
        arguments: the words a process of the fork server is given instead; None if it is not to be asked.
    """

    program: str
    words: list[str]
    environment: dict[str, str]
    directory: Path
    stdout: Path
    stderr: Path
    arguments: list[str] | None = None


def run_tool(launch: Launch, limits: JsonObject, room: Path, warm: Warm) -> Ended:
    """Run a tool to its end, or until it passes a limit; nothing of it lives on afterwards.

    Args:
        launch: how it is started.
        limits: what it may use.
        room: the directory it may fill.
        warm: its fork server, used where it can be, left alone otherwise.

    Raises:
        OSError: it could not be started.
    """
    pid = warm.start(launch) or _start(launch)
    watch = Watch(limits, room, warm.pid)
    exceeded = _supervise(pid, watch)
    if exceeded:
        kill_descendants(warm.pid)
    _, status, usage = os.wait4(pid, 0)
    seconds = watch.seconds
    end_descendants(warm.pid)
    code = os.waitstatus_to_exitcode(status)
    peak = max(watch.peak_mb, usage.ru_maxrss * 1024 / MEGABYTE)
    return Ended(code if code >= 0 else None, -code if code < 0 else None, seconds, peak, exceeded)


def _start(launch: Launch) -> int:
    """Start a tool in its own process group; spawning is twice as fast as forking this interpreter."""
    create = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(launch.stdout), create, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, str(launch.stderr), create, 0o644),
    ]
    return _spawn(launch, launch.program, launch.words, streams)


def _spawn(launch: Launch, program: str, words: list[str], streams: Sequence[tuple[object, ...]]) -> int:
    os.chdir(launch.directory)
    return os.posix_spawn(
        program,
        words,
        launch.environment,
        file_actions=streams,
        setpgroup=0,
        setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
    )


def _supervise(pid: int, watch: Watch) -> str | None:
    fd = os.pidfd_open(pid)
    try:
        poller = select.poll()
        poller.register(fd, select.POLLIN)
        while not poller.poll(SAMPLE_SECONDS * 1000):
            exceeded = watch.exceeded()
            if exceeded:
                return exceeded
        return None
    finally:
        os.close(fd)


# ---------------------------------------------------------------------------------------------------- warm start


class Warm:
    """A tool's fork server: it has all in memory that the tool needs, and makes a process per item on request.

    The processes it makes are orphans, which this process adopts: so they are its children like those it starts itself,
    and are watched, ended and reaped in the same way. Whatever goes wrong, the server is given up, and items are
    started by the tool's ordinary command.

    Attributes:
        pid: the server's process; 0 if there is none.
        trouble: why it was given up, if it was.
    """

    def __init__(self, words: list[str], log: Path) -> None:
        """Remember the server's command (none: there is no server) and where its output goes; it starts when needed."""
        self.pid = 0
        self.trouble: str | None = None
        self._words = words
        self._log = log
        self._line: socket.socket | None = None

    def start(self, launch: Launch) -> int:
        """Return the process of an item, or 0 if it must be started in the ordinary way."""
        if not self._words or self.trouble or launch.arguments is None:
            return 0
        try:
            line = self._line = self._line or self._open(launch)
            return self._asked(line, launch)
        except (OSError, ValueError) as error:
            why = "it ended" if isinstance(error, ConnectionError) else str(error)
            said = last_lines(self._log, 1)
            self.trouble = f"{why}: {said}" if said else why
            self.close()
            return 0

    def _open(self, launch: Launch) -> socket.socket:
        program = shutil.which(self._words[0], path=launch.environment.get("PATH", os.defpath))
        if program is None:
            raise ValueError(f"there is no program {self._words[0]}")
        ours, theirs = socket.socketpair()
        with theirs:
            create = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            streams = [
                (os.POSIX_SPAWN_DUP2, theirs.fileno(), 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self._log), create, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ]
            self.pid = _spawn(launch, program, self._words, streams)
        ours.settimeout(WARM_SECONDS)
        return ours

    def _asked(self, line: socket.socket, launch: Launch) -> int:
        places = {name: str(getattr(launch, name)) for name in ("directory", "stdout", "stderr")}
        request = {**places, "environment": launch.environment, "arguments": launch.arguments}
        line.sendall(json.dumps(request).encode() + b"\n")
        answer = _line_of(line)
        pid = json.loads(answer).get("pid") if answer.startswith(b"{") else None
        if pid == self.pid or pid not in children(os.getpid()):
            raise ValueError(f"its answer names no process of ours: {answer[:200].decode(errors='replace').strip()}")
        return int(pid)

    def close(self) -> None:
        """End the server and everything else that descends from this process."""
        if self._line is not None:
            self._line.close()
            self._line = None
        if self.pid:
            end_descendants()
            self.pid = 0


def _line_of(line: socket.socket) -> bytes:
    text = b""
    while not text.endswith(b"\n"):
        part = line.recv(4096)
        if not part:
            raise ConnectionResetError
        text += part
        if len(text) > ANSWER_BYTES:
            raise ValueError("its answer is too long")
    return text


# ------------------------------------------------------------------------------------------------------- outputs


class Outputs:
    """Checks and keeps what one item made."""

    def __init__(self, work: Path, kept: Path, index: int, label: str | None, files: dict[str, Path]) -> None:
        """Take files out of ``work`` into the directory ``kept``; members of the bundle are added to ``files``."""
        self._work = work
        self._kept = kept
        self._index = index
        self._label = label
        self._files = files
        self._taken: dict[str, set[str]] = {}
        self._places: dict[str, Path] = {}

    def collect(self, tool: JsonObject) -> tuple[JsonObject, str | None]:
        """Return the output object and, if the tool skipped the item, why.

        Raises:
            Stop: an output is missing or not what it must be.
        """
        found = self._object()
        skipped = found.get("lmsvc:skipped") if found else None
        outputs: JsonObject = {}
        for name, spec in tool["outputs"].items():
            value = self._globbed(name, spec) if found is None else found.get(name)
            if value is None and skipped is None and not is_optional(spec["type"]):
                raise Stop("failed", self._missing(name, spec, found is not None))
            outputs[name] = self._published(name, value, str(spec["type"]).startswith("File"))
        return outputs, None if skipped is None else str(skipped)

    def _object(self) -> JsonObject | None:
        if not os.path.lexists(self._work / "cwl.output.json"):
            return None
        path = self._plain("cwl.output.json", "cwl.output.json")
        if path.stat().st_size > OBJECT_BYTES:
            raise Stop("failed", f"cwl.output.json is larger than {OBJECT_BYTES // MEGABYTE} MB")
        try:
            found = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise Stop("failed", f"cwl.output.json is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise Stop("failed", "cwl.output.json is not an object")
        return found

    def _globbed(self, name: str, spec: JsonObject) -> object:
        pattern = spec.get("glob")
        if not pattern:
            return None
        files = [{"class": "File", "path": path} for path in self._matches(pattern)]
        if is_array(spec["type"]):
            return files
        if len(files) > 1:
            raise Stop("failed", f"output {name} is ambiguous: {len(files)} files match {pattern}")
        return files[0] if files else None

    def _matches(self, pattern: str) -> list[str]:
        if not set("*?[") & set(pattern):
            return [pattern] if os.path.lexists(self._work / pattern) else []
        paths = (path for path in self._work.glob(pattern) if path.is_symlink() or not path.is_dir())
        return sorted(str(path.relative_to(self._work)) for path in paths)

    def _missing(self, name: str, spec: JsonObject, written: bool) -> str:
        if written:
            return f"output {name} is missing in cwl.output.json"
        return f"output {name} was not made: " + (
            f"nothing matches {spec['glob']}" if spec.get("glob") else "the tool wrote no cwl.output.json"
        )

    def _published(self, name: str, value: object, files: bool) -> object:
        if not files or value is None:
            return value
        if isinstance(value, list):
            return [self._published(name, one, files) for one in value]
        if not isinstance(value, dict) or not isinstance(value.get("path"), str):
            raise Stop("failed", f"output {name} in cwl.output.json is not a File with a path")
        return self._keep(name, value)

    def _keep(self, name: str, value: JsonObject) -> JsonObject:
        basename = unique_name(safe_name(Path(value["path"]).name), self._taken.setdefault(name, set()))
        member = f"{self._index}/outputs/{name}/{basename}"
        target = self._files[member] = self._moved(name, value["path"])
        label = value.get("label", self._label)
        size, digest = _digest(target)
        return {
            "class": "File",
            "path": member,
            "basename": basename,
            "label": None if label is None else str(label),
            "size": size,
            "sha256": digest,
        }

    def _moved(self, name: str, relative: str) -> Path:
        """Return where an output file is kept; two outputs may name the same file."""
        if relative not in self._places:
            path = self._plain(name, relative)
            self._places[relative] = path.rename(self._kept / f"{self._index}-{len(self._files)}")
        return self._places[relative]

    def _plain(self, name: str, relative: str) -> Path:
        """Return the path of an output that is a regular file of its own in the item's directory."""
        path = self._work
        refused = Stop("failed", f"output {name} is not a plain file in the job's directory")
        parts = Path(relative).parts
        if not parts or Path(relative).is_absolute() or ".." in parts or "\0" in relative:
            raise refused
        try:
            for part in parts[:-1]:
                path = path / part
                if not stat.S_ISDIR(path.lstat().st_mode):
                    raise refused
            path = path / parts[-1]
            facts = path.lstat()
        except FileNotFoundError as error:
            raise Stop("failed", f"output {name} was not made: there is no file {relative}") from error
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise refused
        return path


def _digest(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as handle:
        while chunk := handle.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def shorten(path: Path, keep: int = KEEP_BYTES) -> int:
    """Cut the middle out of a file longer than ``keep`` bytes and return the size it has now."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return 0
    if size <= keep:
        return size
    with path.open("r+b") as handle:
        handle.seek(size - keep // 2)
        tail = handle.read()
        handle.seek(keep // 2)
        handle.write(f"\n... {size - 2 * (keep // 2)} bytes left out ...\n".encode() + tail)
        handle.truncate()
        return handle.tell()


def last_lines(path: Path, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a text file, at most 8 kB of them; none if there is no such file."""
    size = path.stat().st_size if path.exists() else 0
    if not size:
        return ""
    with path.open("rb") as handle:
        handle.seek(max(0, size - 8000))
        text = handle.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])


# --------------------------------------------------------------------------------------------------------- items


class Room:
    """The directories of a task. Its items use the same ones in turn, emptied, so paths say nothing of the item."""

    def __init__(self, sandbox: Path) -> None:
        """Make the directories in the task's sandbox; what an earlier attempt left there goes."""
        self.item = sandbox / ITEM_DIRECTORY
        self.path = self.item.parent
        self.shared = self.path / "shared"
        self.kept = self.path / "kept"
        self.work, self.home, self.temporary = (self.item / name for name in ("work", "home", "tmp"))
        self.stdout, self.stderr, self.index = (self.item / name for name in ("stdout", "stderr", "index"))
        self.log = self.path / "warm.log"
        self.clear()
        self.kept.mkdir(parents=True)

    def prepare(self, index: int) -> None:
        """Give the next item empty directories, and say which it is."""
        try:
            with os.scandir(self.item) as entries:
                leavings = [entry for directory in entries if directory.is_dir() for entry in os.scandir(directory)]
            for entry in leavings:
                _remove(entry)
        except OSError:
            shutil.rmtree(self.item, ignore_errors=True)
        for directory in (self.work, self.home, self.temporary):
            directory.mkdir(parents=True, exist_ok=True)
        self.index.write_text(str(index))

    def clear(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.path, ignore_errors=True)


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path)
    else:
        Path(entry.path).unlink()


def _nothing() -> JsonObject:
    """Return what is known of an item before a try."""
    ended: JsonObject = {"exit_code": None, "signal": None, "peak_memory_mb": 0, "command": [], "outputs": {}}
    return {**ended, "stdout": None, "stderr": None, "stderr_tail": ""}


class Task:
    """One task: its specification and what its items have come to."""

    def __init__(self, spec: JsonObject, sandbox: Path, environment: Mapping[str, str]) -> None:
        """Prepare to run ``spec`` in ``sandbox``, with ``environment`` as the tools' environment."""
        self.spec = spec
        self.host = environment.get("LMSVC_HOST") or socket.gethostname()
        self._sandbox, self._inode = sandbox, sandbox.stat().st_ino
        self._room = Room(sandbox)
        self._environment = _tool_environment(environment, self._room)
        self._sources = Sources(sandbox, self._room.shared, self.host)
        self._files: dict[str, Path] = {}
        self._programs: dict[str, str | None] = {}
        warm_command = spec["tool"].get("warm_command") or []
        self._warm = Warm(warm_command if len(spec["items"]) > 1 else [], self._room.log)
        self._slot = Path(environment.get("LMSVC_SLOT_DIR", "")).name or None
        self._started, self._clock = time.time(), time.monotonic()

    def run(self, refused: str | None) -> None:
        """Run all items and write the bundle.

        Args:
            refused: why nothing shall run; all items fail with this reason.

        Raises:
            TaskError: the specification or a bundle it names is unusable.
            OSError: the bundle could not be written.
        """
        try:
            results = [self._item(item, refused) for item in self.spec["items"]]
        finally:
            self._warm.close()
        path = self._sandbox / self.spec["bundle"]
        try:
            write_bundle(path, self._status(results), self._files)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self._write_without_outputs(path, results)

    def _write_without_outputs(self, path: Path, results: list[JsonObject]) -> None:
        self._room.clear()
        for result in results:
            result.update(stdout=None, stderr=None, outputs={})
            if result["state"] == "succeeded":
                result.update(state="failed", reason=self._no_space())
        write_bundle(path, self._status(results), {})

    def _no_space(self) -> str:
        return f"no space on {self.host}:{self._sandbox}"

    def _status(self, results: list[JsonObject]) -> JsonObject:
        return {
            "format": FORMAT,
            "task": self.spec["task"],
            "step": self.spec["step"],
            "host": self.host,
            "slot": self._slot,
            "started": round(self._started, 3),
            "seconds": round(time.monotonic() - self._clock, 3),
            "items": results,
        }

    def _item(self, item: JsonObject, refused: str | None) -> JsonObject:
        started = time.monotonic()
        result: JsonObject = {
            **{"index": item["index"], "label": item.get("label"), "state": "failed", "reason": refused},
            **{"tries": 0, "seconds": 0.0, **_nothing()},
        }
        if refused is None:
            self._try_item(item, result)
        result["seconds"] = round(time.monotonic() - started, 3)
        return result

    def _try_item(self, item: JsonObject, result: JsonObject) -> None:
        """Run an item, and again at once while it fails in a way that another try may not."""
        for _ in range(1 + self.spec.get("retries", 0)):
            self._require_sandbox()
            self._forget(result)
            if not self._fails(item, result):
                break

    def _require_sandbox(self) -> None:
        """Go on only while the sandbox is there: a worker whose manager is gone removes it, and the task with it.

        Raises:
            TaskError: it is gone.
        """
        with contextlib.suppress(FileNotFoundError):
            if self._sandbox.stat().st_ino == self._inode:
                return
        raise TaskError("the worker has taken the task back")

    def _forget(self, result: JsonObject) -> None:
        """Forget what the try before has left."""
        result.update(_nothing())
        for member in [name for name in self._files if name.startswith(f"{result['index']}/")]:
            self._files.pop(member).unlink(missing_ok=True)

    def _fails(self, item: JsonObject, result: JsonObject) -> bool:
        """Run an item once; return whether it failed and another try is worth it."""
        try:
            self._work(item, result)
            result.update(state="succeeded", reason=None)
        except Stop as stop:
            result.update(state=stop.state, reason=stop.reason)
            return not stop.final
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            result.update(state="failed", reason=self._no_space() if full else str(error))
        return False

    def _work(self, item: JsonObject, result: JsonObject) -> None:
        origins = self._inputs(item, result)
        self._room.prepare(item["index"])
        work = self._room.work
        values = {
            name: self._sources.place(value, work / "inputs" / name, shared=name not in item["inputs"])
            for name, value in origins.items()
        }
        (work / "inputs.json").write_bytes(json.dumps(values, ensure_ascii=False).encode(errors="replace"))
        result["command"] = command_line(self.spec["tool"], values)
        try:
            self._run_tool(result)
        finally:
            self._keep_streams(result)
        outputs = Outputs(work, self._room.kept, item["index"], result["label"], self._files)
        result["outputs"], skipped = outputs.collect(self.spec["tool"])
        if skipped is not None:
            raise Stop("skipped", skipped)

    def _inputs(self, item: JsonObject, result: JsonObject) -> dict[str, object]:
        sources = {**self.spec.get("common", {}), **item["inputs"]}
        values: dict[str, object] = {}
        for name, spec in self.spec["tool"]["inputs"].items():
            source = sources.get(name, {"value": spec.get("default")})
            if result["label"] is None and name in item["inputs"] and "bundle" in source:
                result["label"] = self._sources.label(source)
            value = self._sources.value(name, source, is_optional(spec["type"]))
            values[name] = (
                [value] if is_array(spec["type"]) and value is not None and not isinstance(value, list) else value
            )
        return values

    def _run_tool(self, result: JsonObject) -> None:
        launch, warm = self._launch(result), self._warm
        result["tries"] += 1
        try:
            ended = run_tool(launch, self.spec["limits"], self._room.item, warm)
        except OSError as error:
            reason = f"cannot start {launch.words[0]} on host {self.host}: {error.strerror}"
            raise Stop("failed", reason, final=True) from error
        result.update(
            exit_code=ended.exit_code, signal=ended.signal, peak_memory_mb=max(1, round(ended.peak_memory_mb))
        )
        try:
            self._judge(ended)
        except Stop:
            self._tell_trouble()
            raise

    def _launch(self, result: JsonObject) -> Launch:
        """Return how to start an item: by the fork server at the first try only, so that it is never to blame."""
        words, room = result["command"], self._room
        arguments = words[len(self.spec["tool"]["base_command"]) :] if result["tries"] == 0 else None
        program = self._program(words[0])
        return Launch(program, words, self._environment, room.work, room.stdout, room.stderr, arguments)

    def _tell_trouble(self) -> None:
        if self._warm.trouble:
            with self._room.stderr.open("a", errors="replace") as stderr:
                stderr.write(f"lm_step: started by its own command, because of the warm start: {self._warm.trouble}\n")

    def _program(self, name: str) -> str:
        if name not in self._programs:
            self._programs[name] = shutil.which(name, path=self._environment.get("PATH", os.defpath))
        program = self._programs[name]
        if program is None:
            reason = f"tool program '{name}' is not installed on host {self.host}{self._place()}"
            raise Stop("failed", reason, final=True)
        return program

    def _place(self) -> str:
        """Return whose image it is that lacks a program, as far as the specification says."""
        place = self.spec.get("place")
        if not place:
            return ""
        image = f"image {place['image']}" if place.get("image") else "the worker image"
        return f": {image} of pool {place['pool']} lacks what tool {self.spec['tool']['id']} needs"

    def _judge(self, ended: Ended) -> None:
        if ended.exceeded:
            raise Stop("failed", ended.exceeded, final=True)
        if ended.exit_code in self.spec["tool"].get("success_codes", [0]):
            return
        if _is_full(self._room.path):
            raise Stop("failed", self._no_space(), final=True)
        signalled = ended.exit_code is None
        raise Stop("failed", f"killed by signal {ended.signal}" if signalled else f"exit code {ended.exit_code}")

    def _keep_streams(self, result: JsonObject) -> None:
        result["stderr_tail"] = last_lines(self._room.stderr)
        for name, path in (("stdout", self._room.stdout), ("stderr", self._room.stderr)):
            if shorten(path):
                kept = self._room.kept / f"{result['index']}-{name}"
                path.rename(kept)
                result[name] = f"{result['index']}/{name}"
                self._files[result[name]] = kept


def _is_full(directory: Path) -> bool:
    room = os.statvfs(directory)
    return room.f_bavail * room.f_frsize < MEGABYTE // 10 or (room.f_files > 0 and room.f_favail == 0)


def _tool_environment(environment: Mapping[str, str], room: Room) -> dict[str, str]:
    cores = environment.get("CORES", "1")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "GDAL_NUM_THREADS"), cores)
    fixed = {"PYTHONHASHSEED": "0", "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    own = {"HOME": str(room.home), "TMPDIR": str(room.temporary), "MPLCONFIGDIR": f"{room.home}/.matplotlib"}
    return {**environment, **threads, **fixed, **own, **_gpus(environment)}


def _gpus(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what makes the slot's GPUs the only ones: the worker's own numbers begin at 0 in each slot of a host."""
    return {"CUDA_VISIBLE_DEVICES": environment["LMSVC_GPUS"]} if "LMSVC_GPUS" in environment else {}


# ---------------------------------------------------------------------------------------------------------- slot


class Slot:
    """What a runner does with the slot it runs in; nothing where there is none."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Find the slot in the environment."""
        named = environment.get("LMSVC_SLOT_DIR")
        self._directory = Path(named) if named else None
        self._worker = int(environment.get("LMSVC_WORKER_PID", "0"))
        self._project = environment.get("LMSVC_PROJECT", "")

    def pass_gate(self) -> None:
        """Return if the slot lets a task begin; else end the worker, and this process with it.

        Work Queue then gives the task, untouched, to another worker.
        """
        if self._directory is None or _text(self._directory / "gate") != "leave":
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._worker, signal.SIGKILL)
        time.sleep(1)
        os._exit(1)

    def refused(self, task: str) -> str | None:
        """Return why the task shall not run any more, if so: a controller said it, or workers were lost here."""
        if self._directory is None:
            return None
        key = f"{self._project}/{task}"
        told = _object(self._directory.parent.parent / "refuse.json").get(key)
        if told is not None:
            return str(told)
        self._await_losses(self._directory, task)
        times = sum(_object(state).get("lost", {}).get(key, 0) for state in self._directory.parent.glob("*/state.json"))
        return f"the task lost its worker {times} times; it may kill it or its host" if times >= MOST_LOSSES else None

    def _await_losses(self, own: Path, task: str) -> None:
        """Wait, not for long, while another slot has a note of the task: one that lost its worker counts that first."""
        until = time.monotonic() + LOSS_COUNTED_SECONDS
        while time.monotonic() < until:
            notes = [_object(note) for note in own.parent.glob("*/running.json") if note.parent != own]
            if not any((note.get("project"), note.get("task")) == (self._project, task) for note in notes):
                return
            time.sleep(0.01)

    @contextlib.contextmanager
    def running(self, task: str, key: str) -> Iterator[None]:
        """Say in ``running.json`` that the task runs, as long as it does, and who may see what it prints."""
        if self._directory is None:
            yield
            return
        note = self._directory / "running.json"
        words = {"task": task, "project": self._project, "pid": os.getpid(), "started": time.time(), "key": key}
        draft = self._directory / "running.json.part"
        draft.write_text(json.dumps(words))
        draft.replace(note)
        self._ring()
        try:
            yield
        finally:
            note.unlink(missing_ok=True)
            self._ring()

    def _ring(self) -> None:
        if self._directory is None:
            return
        with contextlib.suppress(OSError):
            fd = os.open(self._directory / "doorbell", os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(fd, b"!")
            finally:
                os.close(fd)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""


def _object(path: Path) -> JsonObject:
    """Return the object in a file that others replace at any time; an empty one where there is none."""
    text = _text(path)
    return dict(json.loads(text)) if text else {}


def _load(path: Path) -> JsonObject:
    try:
        spec = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise TaskError(f"cannot read the task {path}: {error}") from error
    if not isinstance(spec, dict) or spec.get("format") != FORMAT:
        raise TaskError(f"{path} is not a task of format {FORMAT}")
    return spec


def main(arguments: Sequence[str], links: Mapping[str, str]) -> int:
    """Run the task whose specification is the only argument; return 0 if its bundle is written.

    Args:
        arguments: of the command line.
        links: the worker's connections to its manager.
    """
    end_with_parent()
    end_with_manager(links)
    lead_group()
    slot = Slot(os.environ)
    slot.pass_gate()
    adopt_descendants()
    try:
        spec = _load(Path(arguments[0]))
        with slot.running(spec["task"], spec.get("watch_key", "")):
            Task(spec, Path.cwd(), os.environ).run(slot.refused(spec["task"]))
    except (TaskError, OSError) as error:
        sys.stderr.write(f"lm_step: {error}\n")
        return 1
    return 0


def close_inherited(descriptors: Iterable[str]) -> None:
    """Close what the worker left open, above all its connection to the manager."""
    for descriptor in descriptors:
        if int(descriptor) > 2:
            with contextlib.suppress(OSError):
                os.close(int(descriptor))


if __name__ == "__main__":
    inherited = [entry.name for entry in os.scandir("/proc/self/fd")]
    own_links = connections(inherited)
    close_inherited(inherited)
    try:
        raise SystemExit(main(sys.argv[1:], own_links))
    finally:  # While the interpreter ends, an alarm would end it as a signal does.
        signal.setitimer(signal.ITIMER_REAL, 0)
