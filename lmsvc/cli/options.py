"""Options that several commands share."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

import lmsvc.client

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", "8080"
EVERYWHERE = ("", "0.0.0.0", "::")
F = TypeVar("F", bound=Callable[..., Any])


def service(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which service to talk to; the command gets a `client` of it.

    A token never stands on a command line, where every user of the machine can read it.
    """
    path = click.Path(path_type=Path, dir_okay=False)
    shown = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
    url = click.option("--url", envvar="LMSVC_URL", default=own_url, show_default=shown, help="The service.")
    token = click.option("--token-file", type=path, help="File with its token; also LMSVC_TOKEN_FILE, LMSVC_TOKEN.")
    ca = click.option(
        "--ca-file", type=path, envvar="LMSVC_CA_FILE", help="Its own CA certificate; also LMSVC_CA_FILE."
    )

    @wraps(command)
    def with_client(url: str, token_file: Path | None, ca_file: Path | None, **options: object) -> object:
        with lmsvc.client.Client(url, token=read_token(token_file), ca_file=ca_file) as client:
            return command(client=client, **options)

    return url(token(ca(with_client)))


def own_url() -> str:
    """Return the address of a service that runs with the settings of this environment."""
    host, port = os.environ.get("LMSVC_HOST", ""), os.environ.get("LMSVC_PORT", "") or DEFAULT_PORT
    return f"http://{DEFAULT_HOST if host in EVERYWHERE else f'[{host}]' if ':' in host else host}:{port}"


def read_token(token_file: Path | None) -> str | None:
    """Return the token from this file, or as the environment has it; None where nothing gives one.

    Raises:
        click.UsageError: the file cannot be read.
    """
    if token_file is None and (token := os.environ.get("LMSVC_TOKEN")):
        return token.strip()
    named = token_file or os.environ.get("LMSVC_TOKEN_FILE")
    if not named:
        return None
    try:
        return Path(named).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"the token file cannot be read: {error}") from error


def as_json(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)
