"""Validation of a job document: every fault at once, each with its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lmsvc.jobs.datasets import Dataset
from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.limits import Limits
from lmsvc.jobs.tools import ToolRegistry

__all__ = ["Limits", "ValidationContext", "job_schema", "validate_document"]


@dataclass(frozen=True)
class ValidationContext:
    """What a document may refer to, and its bounds."""

    tools: ToolRegistry
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    uploads: Callable[[str], bool] = lambda _: True
    """Says whether there is an upload with this id."""
    limits: Limits = Limits()


def validate_document(data: object, context: ValidationContext) -> JobDocument:
    """Check a document wholly.

    Args:
        data: any JSON value.
        context: what there is to refer to.

    Returns:
        The document, if nothing is wrong with it.

    Raises:
        DocumentError: with every fault.
    """
    raise NotImplementedError


def job_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of job documents."""
    raise NotImplementedError
