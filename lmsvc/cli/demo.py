"""``lmsvc demo``."""

from importlib import resources
from pathlib import Path

import click

from lmsvc.cli.documents import read_document
from lmsvc.cli.exits import Exit
from lmsvc.cli.follow import finish
from lmsvc.cli.own_service import own_service
from lmsvc.cli.package_summary import package_summary
from lmsvc.cli.results import download_package
from lmsvc.cli.upload import upload_files
from lmsvc.client import Client

EXAMPLE = "richness"


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Its place.")
def demo(data_dir: Path) -> int:
    """Run the example job in a service of its own, download its package, and end everything.

    The data are synthetic: virtual species on made-up climate.
    """
    click.echo(f"Starting a service in {data_dir}")
    with own_service(data_dir.absolute()) as url, Client(url) as client:
        click.echo(f"Running the example job; watch it at {url}")
        package = data_dir / f"{EXAMPLE}.zip"
        code = run_example(client, package)
    if code is Exit.OK:
        click.echo(package_summary(package))
    click.echo(
        f"\nEverything was stopped. The data are in {data_dir}; `make serve` runs the service for your own jobs."
    )
    return code


def run_example(client: Client, package: Path) -> Exit:
    """Submit the example, wait for it and download its package."""
    with resources.as_file(resources.files("lmsvc") / "examples") as folder:
        document, _ = read_document(folder / f"{EXAMPLE}.json")
        job = client.submit(upload_files(client, document, folder))
    code = finish(client, job["id"])
    if code is Exit.OK:
        download_package(client, job["id"], package)
    return code
