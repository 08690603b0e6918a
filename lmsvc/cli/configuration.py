"""Options of the commands that run parts of the service, and the settings made from them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import ValidationError

from lmsvc.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


def configuration(command: F) -> F:
    """Add ``--config`` and ``--data-dir``, which every process started from here sees as well."""
    path = click.Path(path_type=Path)
    config = click.option("--config", type=path, help="TOML file with settings; also LMSVC_CONFIG.")
    data_dir = click.option("--data-dir", type=path, help="Where everything is kept; also LMSVC_DATA_DIR.")
    return config(data_dir(command))


def settings_of(config: Path | None, data_dir: Path | None, **overrides: str | int | None) -> Settings:
    """Build the settings from options, environment and file.

    Raises:
        click.UsageError: A setting is invalid; the text names each one.
    """
    for name, value in {"config": config, "data_dir": data_dir, **overrides}.items():
        if value is not None:
            os.environ[f"LMSVC_{name.upper()}"] = str(value.absolute() if isinstance(value, Path) else value)
    if config is not None and not config.is_file():
        raise click.UsageError(f"there is no file {config}")
    try:
        return Settings()
    except ValueError as error:
        raise click.UsageError("\n".join(["these settings are invalid:", *_faults(error)])) from error


def _faults(error: ValueError) -> list[str]:
    if not isinstance(error, ValidationError):
        return [f"  {error}"]
    return [f"  {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
