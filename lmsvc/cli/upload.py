"""``lmsvc upload``, and the upload of the local files of a document: both show how far they are."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from lmsvc.cli.local_files import local_files, with_uploads
from lmsvc.cli.options import as_json, service
from lmsvc.cli.text import print_json
from lmsvc.client import Client
from lmsvc.client.models import Upload

Show = Callable[[int], None]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@service
@as_json
def upload(files: tuple[Path, ...], client: Client, as_json: bool) -> None:
    """Upload FILES and print the id of each, for {"upload": ID} in job documents.

    Content the service has already is not sent again. A large upload that broke off goes on where it was.
    """
    stored = send_files(client, files)
    print_json(stored) if as_json else click.echo("\n".join(f"{each['id']}  {each['name']}" for each in stored))


def upload_files(client: Client, document: object, folder: Path) -> object:
    """Upload each local file once and return the document that names uploads instead.

    Raises:
        DocumentError: A file cannot be read.
    """
    paths = local_files(document, folder)
    ids = {path: stored["id"] for path, stored in zip(paths, send_files(client, paths), strict=True)}
    return with_uploads(document, folder, ids.__getitem__)


def send_files(client: Client, paths: Sequence[Path]) -> list[Upload]:
    """Upload some files with a progress bar on a terminal; return what the service says of each."""
    stored, before = list[Upload](), 0
    with _bar(paths) as show:
        for path in paths:
            stored.append(client.upload(path, _beyond(before, show)))
            before += path.stat().st_size
    return stored


def _beyond(before: int, show: Show) -> Callable[[int, int], None]:
    return lambda done, size: show(before + done)


@contextmanager
def _bar(paths: Sequence[Path]) -> Iterator[Show]:
    if not paths:
        yield lambda _: None
        return
    shown = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*shown, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"uploading {len(paths)} file(s)", total=sum(p.stat().st_size for p in paths))
        yield lambda done: progress.update(task, completed=done)
