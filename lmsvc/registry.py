"""Reads tool and dataset descriptions from directories."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from lmsvc.jobs.datasets import Dataset
from lmsvc.jobs.tools import ToolRegistry


class RegistryError(Exception):
    """A description cannot be used; the text names the file, the field and what is wrong."""


def load_tools(dirs: Iterable[Path]) -> ToolRegistry:
    """Read every `*.yaml` of some directories as a tool description; a later directory wins over an earlier one.

    Raises:
        RegistryError: with everything that is wrong in any of the files.
    """
    raise NotImplementedError


def load_datasets(dirs: Iterable[Path]) -> Mapping[str, Dataset]:
    """Read every `*.yaml` of some directories as a dataset description.

    Raises:
        RegistryError: with everything that is wrong in any of the files.
    """
    raise NotImplementedError
