"""The store of a service on this host, for commands that change who may use it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from lmsvc.cli.configuration import settings_of
from lmsvc.cli.exits import Exit
from lmsvc.store import Store, open_store
from lmsvc.store.errors import StoreError


class NotThere(click.ClickException):
    """There is no such user or token."""

    exit_code = Exit.NOT_FOUND


class ThereAlready(click.ClickException):
    """There is such a user already."""

    exit_code = Exit.REFUSED


@contextmanager
def own_store(config: Path | None, data_dir: Path | None) -> Iterator[Store]:
    """Give the store of the service with these settings.

    Raises:
        click.ClickException: the database cannot be used.
    """
    try:
        with closing(open_store(settings_of(config, data_dir).database_url)) as store:
            store.migrate()
            yield store
    except StoreError as error:
        raise click.ClickException(str(error)) from error


def moment(seconds: float | None) -> str | None:
    """Return epoch seconds as RFC 3339, as the API writes them."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
