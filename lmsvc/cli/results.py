"""``lmsvc logs`` and ``lmsvc download``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

from lmsvc.cli.options import as_json, service
from lmsvc.cli.text import print_json, size_text
from lmsvc.client import Client


@click.command()
@click.argument("job_id")
@click.argument("step", required=False)
@click.option("--item", type=click.IntRange(min=0), help="Only this item of a scattered step.")
@click.option("--stdout", "stream", flag_value="stdout", help="Only standard output.")
@click.option("--stderr", "stream", flag_value="stderr", help="Only standard error.")
@service
@as_json
def logs(job_id: str, step: str | None, item: int | None, stream: str | None, client: Client, as_json: bool) -> None:
    """Print what the tools of job JOB_ID wrote, of all steps or of STEP."""
    if item is not None and step is None:
        raise click.UsageError("--item needs a STEP")
    text = client.log(job_id, step, item, stream or "both")
    facts = {"job": job_id, "step": step, "item": item, "stream": stream or "both", "text": text}
    print_json(facts) if as_json else click.echo(text, nl=False)


@click.command()
@click.argument("job_id")
@click.argument("path", required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File or directory to write to.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@service
@as_json
def download(job_id: str, path: str | None, output: Path | None, force: bool, client: Client, as_json: bool) -> None:
    """Download the package of job JOB_ID, or the one output at PATH (step/output/file).

    A download that broke off goes on where it was when it is called again.
    """
    target = _target(output, PurePosixPath(path).name if path else f"{job_id}.zip")
    if target.exists() and not force:
        raise click.UsageError(f"{target} exists; --force replaces it, -o names another place")
    with _bar(path or "package") as show:
        if path:
            client.download_output(job_id, path, target, show)
        else:
            client.download_package(job_id, target, show)
    size = target.stat().st_size
    print_json({"file": str(target), "size": size}) if as_json else click.echo(f"{target} ({size_text(size)})")


def _target(output: Path | None, name: str) -> Path:
    if output is None:
        return Path(name)
    return output / name if output.is_dir() else output


def download_package(client: Client, job_id: str, target: Path) -> None:
    """Download a package with a progress bar on a terminal."""
    with _bar("package") as show:
        client.download_package(job_id, target, show)


@contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    console = Console(stderr=True)
    shown = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*shown, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total or None)
