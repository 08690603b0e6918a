"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

DEFAULT_URL = "http://127.0.0.1:8080"
F = TypeVar("F", bound=Callable[..., Any])


def service_url(command: F) -> F:
    """Add ``--url``."""
    option = click.option("--url", envvar="LMSVC_URL", default=DEFAULT_URL, show_default=True, help="The service.")
    return option(command)


def as_json(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)
