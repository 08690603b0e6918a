"""Reads workflow descriptions from directories; one may extend another."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from lmsvc.jobs.faults import DocumentError
from lmsvc.registry import RegistryError, read_description
from lmsvc.workflows.workflow import Workflow, Workflows, parse_workflow

SHIPPED_WORKFLOWS: Final = Path(__file__).parent / "templates"
"""The directory of the workflows that come with the package."""

_EXTENDS: Final = "extends"
_Raw = Mapping[str, Any]


def load_workflows(dirs: Iterable[Path]) -> Workflows:
    """Read every `*.yaml` of some directories as a workflow, each directory in the order of its file names.

    Args:
        dirs: a workflow of a later directory wins over one with the same name of an earlier directory.

    Raises:
        RegistryError: with everything that is wrong in any of the files.
    """
    problems: list[str] = []
    raw: dict[str, tuple[Path, _Raw]] = {}
    for directory in dirs:
        raw |= _read(directory, problems)
    found = {name: _parsed(name, path, raw, problems) for name, (path, _) in raw.items()}
    if problems:
        raise RegistryError("\n".join(problems))
    return {name: workflow for name, workflow in found.items() if workflow is not None}


def _read(directory: Path, problems: list[str]) -> dict[str, tuple[Path, _Raw]]:
    if not directory.is_dir():
        problems.append(f"{directory}: there is no such directory")
    found: dict[str, tuple[Path, _Raw]] = {}
    for path in sorted(directory.glob("*.yaml")):
        try:
            description = read_description(path)
        except DocumentError as error:
            problems.append(f"{path}: {error}")
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            problems.append(f"{path}: {' '.join(str(error).split())}")
        else:
            found[str(description.get("name"))] = (path, description)
    return found


def _parsed(name: str, path: Path, raw: Mapping[str, tuple[Path, _Raw]], problems: list[str]) -> Workflow | None:
    try:
        return parse_workflow(_whole(name, raw, ()))
    except DocumentError as error:
        problems.extend(f"{path}: {fault.pointer or '(file)'}: {fault.detail}" for fault in error.faults)
    except KeyError as error:
        problems.append(f"{path}: /{_EXTENDS}: there is no workflow {error}, or they extend each other in a circle")
    return None


def _whole(name: str, raw: Mapping[str, tuple[Path, _Raw]], seen: tuple[str, ...]) -> dict[str, Any]:
    """Return a description with everything of those it extends."""
    if name in seen:
        raise KeyError(name)
    own = dict(raw[name][1])
    base = own.pop(_EXTENDS, None)
    return own if base is None else _extended(_whole(base, raw, (*seen, name)), own)


def _extended(base: _Raw, own: _Raw) -> dict[str, Any]:
    """Return a description on top of another.

    Fields of a parameter and single inputs and steps win over the other's; outputs are added to the other's.
    """
    parameters = {name: {**base["parameters"].get(name, {}), **more} for name, more in own["parameters"].items()}
    document, pattern = own["document"], base["document"]
    return {
        **{key: value for key, value in own.items() if key not in ("parameters", "document")},
        "together": [*base.get("together", []), *own.get("together", [])],
        "parameters": {**base["parameters"], **parameters},
        "document": {
            "inputs": {**pattern.get("inputs", {}), **document.get("inputs", {})},
            "steps": {**pattern["steps"], **document.get("steps", {})},
            "outputs": list(dict.fromkeys([*pattern["outputs"], *document.get("outputs", [])])),
        },
    }
