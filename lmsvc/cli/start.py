"""``lmsvc up``."""

from pathlib import Path

import click

from lmsvc.cli.configuration import configuration, settings_of
from lmsvc.cli.up import CannotStart
from lmsvc.cli.up import up as run


@click.command()
@configuration
@click.option("--host", help="Address of the web service; also LMSVC_HOST.")
@click.option("--port", type=int, help="Port of the web service; also LMSVC_PORT.")
def up(config: Path | None, data_dir: Path | None, host: str | None, port: int | None) -> None:
    """Run the whole service on this machine until Ctrl-C.

    Catalog, controller, one agent per pool and the web service run as plain processes; all of them end with this one.
    Nothing is written outside the data directory.
    """
    try:
        run(settings_of(config, data_dir, host=host, port=port), click.echo)
    except CannotStart as error:
        raise click.ClickException(str(error)) from error
