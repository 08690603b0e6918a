"""The service's single processes."""

import os
import sys
from pathlib import Path

import click

from lmsvc.cli.configuration import configuration, settings_of
from lmsvc.cli.lazy import load
from lmsvc.cli.main import WORKER_PROGRAMS
from lmsvc.registry import RegistryError
from lmsvc.settings import Settings
from lmsvc.store.errors import StoreError


@click.command()
@configuration
def web(config: Path | None, data_dir: Path | None) -> None:
    """Run the web service: gunicorn with one process and threads."""
    settings_of(config, data_dir)
    words = ["gunicorn", "-c", "python:lmsvc.web.gunicorn_conf", "lmsvc.web.wsgi:app_from_environment()"]
    os.execv(sys.executable, [sys.executable, "-m", *words])


@click.command()
@configuration
def controller(config: Path | None, data_dir: Path | None) -> None:
    """Run the controller: plans jobs, supervises makeflows, allocates slots, packages outputs."""
    _run("lmsvc.controller.main:main", settings_of(config, data_dir))


@click.command()
@configuration
def reconcile(config: Path | None, data_dir: Path | None) -> None:
    """Compare the database with directories, logs and processes, mend what differs, and say what was mended.

    The controller does the same at each start.
    """
    _run("lmsvc.controller.reconcile:main", settings_of(config, data_dir))


def _run(place: str, settings: Settings) -> None:
    try:
        load(place)(settings)
    except (StoreError, RegistryError) as error:
        raise click.ClickException(str(error)) from error


def _worker(name: str, text: str) -> click.Command:
    """Return the list's entry of a program that ``lmsvc.cli.main`` hands over to before it comes here."""
    settings = {"ignore_unknown_options": True, "help_option_names": []}

    @click.command(name, help=text, context_settings=settings)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(arguments: tuple[str, ...]) -> int:
        return int(load(WORKER_PROGRAMS[name])(list(arguments)) or 0)

    return command


agent = _worker("agent", "Run the agent of one pool on this host.")
batch = _worker("batch", "Keep a pool's jobs in the site's batch system.")
slot = _worker("slot", "Run one slot of a pool.")
