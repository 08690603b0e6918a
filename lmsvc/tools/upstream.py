"""Start lmpy's programs, always as programs, with repeatable random numbers and no display."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lmsvc.tools.forking import Ended, TooSlow, run_forked
from lmsvc.tools.toolkit import ToolError, load, write_json

LIBRARIES = "lmsvc.tools.program_libraries"
PROGRAM_MISSING = "is neither beside {python} nor on PATH: install the tools environment (requirements/tools-*.txt)"


def find_program(name: str) -> str:
    """Find a program of the tools environment.

    Raises:
        ToolError: it is neither beside this Python nor on PATH.
    """
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise ToolError(f"lmpy's program '{name}' {PROGRAM_MISSING.format(python=sys.executable)}")
    return found


def environment() -> dict[str, str]:
    """Give the environment of a program: no display, no threads, no files outside the working directory."""
    return {
        **os.environ,
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(Path(".matplotlib").absolute()),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }


def run_program(name: str, arguments: Sequence[object] = (), seed: int = 1, seconds: float | None = None) -> str:
    """Run a program of lmpy and give its standard output.

    Args:
        name: the program.
        arguments: its arguments.
        seed: of its random numbers.
        seconds: how long it may take; None means as long as the task.

    Raises:
        ToolError: it failed or took too long; its own output is on stderr.
    """
    words = [find_program(name), *map(str, arguments)]
    try:
        ended = _fork(seed, words, seconds) if LIBRARIES in sys.modules else None
        if ended is None or ended.returncode != 0:  # a copy is never to blame
            ended = _start(seed, words, seconds)
    except (subprocess.TimeoutExpired, TooSlow) as error:
        raise ToolError(f"{name} was not done after {seconds:g} s") from error
    if ended.returncode != 0:
        sys.stderr.write(ended.stdout + ended.stderr)
        lines = ended.stderr.strip().splitlines() or ["no message"]
        raise ToolError(f"{name} failed with exit code {ended.returncode}: {lines[-1]}")
    return ended.stdout


def _start(seed: int, words: list[str], seconds: float | None) -> Ended:
    command = [sys.executable, "-m", "lmsvc.tools.seeded", str(seed), *words]
    ended = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=seconds, check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def _fork(seed: int, words: list[str], seconds: float | None) -> Ended:
    """Run the program in a copy of this process, which a warm start has given the program's libraries."""
    seeded = load("lmsvc.tools.seeded")
    return run_forked(lambda: seeded.become(seed, words), environment(), seconds)


def run_configured(name: str, values: Mapping[str, object], seed: int = 1) -> str:
    """Run a program of lmpy with its arguments in a configuration file, so that any text may be in them."""
    write_json(f"{name}.config.json", values)
    return run_program(name, ["--config_file", f"{name}.config.json"], seed)
