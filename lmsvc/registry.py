"""Reads tool and dataset descriptions from directories."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from lmsvc.jobs.datasets import Dataset, parse_dataset
from lmsvc.jobs.faults import DocumentError, Fault
from lmsvc.jobs.tools import Tool, ToolRegistry, parse_tool

SHIPPED_TOOLS: Final = Path(__file__).parent / "tools" / "descriptions"
"""The directory of the tools that come with the package."""


_T = TypeVar("_T", Tool, Dataset)


class RegistryError(Exception):
    """Descriptions cannot be used; the text names each file, the field and what is wrong."""


def load_tools(dirs: Iterable[Path]) -> ToolRegistry:
    """Read every `*.yaml` of some directories as a tool description.

    Args:
        dirs: a tool of a later directory wins over one with the same id of an earlier directory.

    Raises:
        RegistryError: with everything that is wrong in any of the files.
    """
    return _load(dirs, _tool)


def load_datasets(dirs: Iterable[Path]) -> Mapping[str, Dataset]:
    """Read every `*.yaml` of some directories as a dataset description.

    Args:
        dirs: a dataset of a later directory wins over one with the same name of an earlier directory.

    Returns:
        The datasets by name, the paths of their files made absolute (relative ones start at the description).

    Raises:
        RegistryError: with everything that is wrong in any of the files.
    """
    return _load(dirs, _dataset)


def _load(dirs: Iterable[Path], read: Callable[[Path], tuple[str, _T]]) -> dict[str, _T]:
    found: dict[str, _T] = {}
    problems: list[str] = []
    for directory in dirs:
        found |= _load_one(directory, read, problems)
    if problems:
        raise RegistryError("\n".join(problems))
    return found


def _load_one(directory: Path, read: Callable[[Path], tuple[str, _T]], problems: list[str]) -> dict[str, _T]:
    if not directory.is_dir():
        problems.append(f"{directory}: there is no such directory")
        return {}
    found: dict[str, _T] = {}
    for path in sorted(directory.glob("*.yaml")):
        try:
            name, described = read(path)
        except DocumentError as error:
            problems.extend(f"{path}: {fault.pointer or '(file)'}: {fault.detail}" for fault in error.faults)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            problems.append(f"{path}: {_in_one_line(error)}")
        else:
            if name in found:
                problems.append(f"{path}: another file of this directory describes {name!r} as well")
            found[name] = described
    return found


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _tool(path: Path) -> tuple[str, Tool]:
    tool = parse_tool(read_description(path))
    return tool.id, tool


def _dataset(path: Path) -> tuple[str, Dataset]:
    dataset = parse_dataset(read_description(path))
    files = tuple(file.model_copy(update={"path": str(path.parent.absolute() / file.path)}) for file in dataset.files)
    return dataset.name, dataset.model_copy(update={"files": files})


def read_description(path: Path) -> dict[str, Any]:
    """Read a file of YAML that must be a mapping, no key twice in it.

    Raises:
        DocumentError: it is no mapping.
        OSError: it cannot be read.
        UnicodeDecodeError: it is not UTF-8.
        yaml.YAMLError: it is not YAML.
    """
    data = yaml.load(path.read_text("utf-8"), Loader=_StrictLoader)
    if not isinstance(data, dict):
        raise DocumentError([Fault("", "must be a mapping of fields to values")])
    return data


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping, which YAML forbids and PyYAML lets pass."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set[Hashable]()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands here twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)
