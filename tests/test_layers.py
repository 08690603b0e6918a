"""The layers of the package: a module imports only from its own layer and those below."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import lmsvc

ROOT: Final = Path(lmsvc.__file__).parent

MAY_IMPORT: Final[dict[str, frozenset[str]]] = {
    "jobs": frozenset(),
    "planning": frozenset({"jobs"}),
    "registry": frozenset({"jobs"}),
    "workflows": frozenset({"jobs", "registry"}),
    "registries": frozenset({"jobs", "registry", "settings", "workflows"}),
    "store": frozenset({"jobs"}),
    "files": frozenset(),
    "locks": frozenset(),
    "cctools": frozenset({"files"}),
    "losses": frozenset(),
    "worker": frozenset({"cctools", "doorbell", "files", "locks", "losses"}),
    "tools": frozenset(),
    "heartbeats": frozenset({"files"}),
    "ports": frozenset(),
    "pools": frozenset({"planning", "settings"}),
    "uploads": frozenset({"locks", "paths", "store"}),
    "notices": frozenset({"jobs", "paths", "settings", "store"}),
    "controller": frozenset(
        {
            *("cctools", "doorbell", "files", "heartbeats", "jobs", "losses", "notices", "paths", "planning", "pools"),
            *("ports", "registries", "settings", "store", "uploads", "worker"),
        }
    ),
    "web": frozenset(
        {
            *("cctools", "doorbell", "heartbeats", "jobs", "notices", "paths", "planning", "pools", "registries"),
            *("settings", "store", "tools", "uploads", "worker", "workflows"),
        }
    ),
}
"""By part of the package the other parts that it may import; parts that are not named may import any but cli."""

ONLY_IN: Final[dict[str, frozenset[str]]] = {
    "peewee": frozenset({"store"}),
    "playhouse": frozenset({"store"}),
    "psycopg": frozenset({"store"}),
    "flask": frozenset({"web"}),
    "click": frozenset({"cli"}),
    "rich": frozenset({"cli"}),
}
"""Libraries that one part keeps to itself."""

IMPURE: Final = frozenset({"datetime", "os", "pathlib", "random", "secrets", "socket", "subprocess", "time", "uuid"})
"""What pure parts have no use for."""

MODULES: Final = sorted(path for path in ROOT.rglob("*.py"))
PARTS: Final = {path.relative_to(ROOT).with_suffix("").parts[0] for path in MODULES}


def part_of(path: Path) -> str:
    """Return the part of the package that a module belongs to."""
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imports(path: Path) -> Iterator[str]:
    """Yield the absolute names of the modules that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(ROOT)) for path in MODULES])
def test_a_module_imports_only_from_below(path: Path) -> None:
    """Imports go downwards, libraries stay in their part, and pure parts import nothing with effects."""
    part = part_of(path)
    for name in imports(path):
        first, _, rest = name.partition(".")
        imported = rest.partition(".")[0]
        if first == "lmsvc" and imported in PARTS:
            _check_part(part, imported)
        assert part in ONLY_IN.get(first, {part}), f"{first} belongs to {set(ONLY_IN[first])}"
        assert not (part in ("jobs", "planning") and first in IMPURE), f"{part} is pure: no {first}"


def _check_part(part: str, imported: str) -> None:
    allowed = MAY_IMPORT.get(part)
    assert imported == part or allowed is None or imported in allowed, f"{part} must not import {imported}"
    assert imported != "cli" or part in ("cli", "__main__"), "nothing imports the command line"


def test_workers_need_the_standard_library_alone() -> None:
    """Programs of worker hosts, and what of the package they import, need nothing that has to be installed there."""
    waiting, seen = list((ROOT / "worker").rglob("*.py")), set[Path]()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for name in imports(path):
            assert name.split(".")[0] in sys.stdlib_module_names | {"lmsvc"}, f"{path} imports {name}"
            waiting += set(_files(name)) - seen


def _files(name: str) -> Iterator[Path]:
    """Yield the modules of the package that importing a name runs."""
    path = ROOT.parent
    for part in name.split("."):
        path /= part
        yield from (file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file())


@pytest.mark.parametrize("path", sorted((ROOT / "tools").rglob("*.py")), ids=lambda path: path.name)
def test_tools_do_not_import_what_they_only_call(path: Path) -> None:
    """Tools call lmpy as a program and never import it."""
    assert "lmpy" not in {name.split(".")[0] for name in imports(path)}
