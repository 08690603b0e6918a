"""A fork server for tools: ``python3 -m lmsvc.tools.warm TOOL [MODULE...]``.

It imports the modules, and what the module TOOL imports, once; then it makes a process for each item that the step
runner asks for, which goes on as ``python3 -m TOOL ARGUMENT...`` does. docs/reference/tool-description.md has the
protocol, which is spoken over the socket that is its standard input.
"""

import gc
import importlib
import json
import os
import runpy
import socket
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from lmsvc.tools.forking import end_with_parent, finish, set_environment

Request = dict[str, Any]


class Forked(NamedTuple):
    """A process that waits to be adopted: its id, and the end of a pipe whose closing lets it go on."""

    pid: int
    go: int


def main() -> None:
    """Serve until the step runner closes the line or ends."""
    runner = os.getppid()
    end_with_parent(runner)
    line = take_line()
    prepare(sys.argv[1], sys.argv[2:])
    for request in requests(line):
        forked = fork_orphan()
        if forked is None:
            line.close()
            finish(partial(become, sys.argv[1], request, runner))
        line.sendall(json.dumps({"pid": forked.pid}).encode() + b"\n")
        os.close(forked.go)


def take_line() -> socket.socket:
    """Give the socket that is the standard input, and put nothing in its place."""
    line = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return line


def prepare(tool: str, modules: list[str]) -> None:
    """Import everything, and see that a copy of this process is a whole one."""
    for module in (*modules, tool):
        importlib.import_module(module)
    del sys.modules[tool]  # its own code is run anew in each process
    stop_threads()
    gc.collect()
    gc.freeze()
    sys.stdout.flush()
    sys.stderr.flush()


def stop_threads() -> None:
    """End with an error if there are threads, which a copy would lack; libraries that mind stop theirs at a fork."""
    if trial := os.fork():
        os.waitpid(trial, 0)
    else:
        os._exit(0)
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        sys.exit(f"error: {threads} threads run after the imports")


def requests(line: socket.socket) -> Iterator[Request]:
    """Give the requests as they come."""
    with line.makefile("rb") as lines:
        for text in lines:
            yield json.loads(text)


def fork_orphan() -> Forked | None:
    """Make a process without a parent, for the step runner to adopt.

    Returns:
        The process; None in the process itself, once it has been adopted.
    """
    told, tell = os.pipe()
    wait, go = os.pipe()
    between = os.fork()
    if between:
        os.close(tell)
        os.close(wait)
        os.waitpid(between, 0)
        pid = int(os.read(told, 20))
        os.close(told)
        return Forked(pid, go)
    if pid := os.fork():
        os.write(tell, str(pid).encode())
        os._exit(0)
    os.close(go)
    os.read(wait, 1)
    for end in (told, tell, wait):
        os.close(end)
    return None


def become(tool: str, request: Request, runner: int) -> None:
    """Take the place that the request names and go on as the tool."""
    os.setpgid(0, 0)
    end_with_parent(runner)
    os.chdir(request["directory"])
    set_environment(request["environment"])
    for number, name in ((1, "stdout"), (2, "stderr")):
        opened = os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()  # like a new process; random does so by itself
    sys.argv[1:] = request["arguments"]
    runpy.run_module(tool, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
