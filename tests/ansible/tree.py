"""The Ansible part of this repository, as tests read it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "inventories" / "example"
ROLES = sorted(path.parent for path in (ROOT / "roles").glob("*/meta") if path.is_dir())
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
PROGRAMS = Path(sys.executable).parent
"""Where the programs of Ansible are: beside the Python that runs the tests."""
TYPES = {"bool": bool, "dict": dict, "float": float, "int": int, "list": list, "path": str, "str": str}

Table = dict[str, Any]


def table(path: Path) -> Table:
    """Return the mapping that a YAML file holds; an empty one where there is no file."""
    return dict(yaml.safe_load(path.read_bytes()) or {}) if path.is_file() else {}


def tasks(path: Path) -> Iterator[Table]:
    """Yield all tasks of a file, also those in blocks."""
    todo = list(yaml.safe_load(path.read_bytes()) or [])
    while todo:
        task = todo.pop(0)
        yield task
        todo += [inner for part in ("block", "rescue", "always") for inner in task.get(part, [])]


def options(role: Path, point: str = "main") -> dict[str, Table]:
    """Return the arguments of a role."""
    return dict(table(role / "meta" / "argument_specs.yml")["argument_specs"][point].get("options", {}))


def all_options(role: Path) -> dict[str, Table]:
    """Return the arguments of a role at all its entry points."""
    points = table(role / "meta" / "argument_specs.yml")["argument_specs"]
    return {name: option for point in points for name, option in options(role, point).items()}


def role_name(role: Path) -> str:
    """Return a role's name for reports."""
    return role.name
