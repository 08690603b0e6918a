"""``lmsvc demo`` and ``lmsvc example``."""

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
from lmsvc.examples.synthetic import write_example


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def example(directory: Path) -> None:
    """Write the example job and its made-up data into DIRECTORY.

    Virtual species on synthetic climate layers, a tree, and the job document that names them.
    """
    click.echo(write_example(directory))


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Its place.")
def demo(data_dir: Path) -> int:
    """Run the example job in a service of its own, download its package, and end everything."""
    document = write_example(data_dir / "example")
    click.echo(f"Starting a service in {data_dir}")
    with own_service(data_dir.absolute()) as url, Client(url) as client:
        click.echo(f"Running {document}; watch it at {url}")
        package = data_dir / "richness.zip"
        code = run_job(client, document, package)
    if code is Exit.OK:
        click.echo(f"\n{package_summary(package)}")
    click.echo("\nAll that was started has ended. `make serve` runs the service for jobs of your own.")
    return code


def run_job(client: Client, document: Path, package: Path) -> Exit:
    """Submit a job, wait for it, and download its package where it succeeded."""
    data, folder = read_document(document)
    job = client.submit(upload_files(client, data, folder))
    code = finish(client, job["id"])
    if code is Exit.OK:
        download_package(client, job["id"], package)
    return code
