"""Uploads the local files of a document and shows how far that is."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from lmsvc.cli.local_files import local_files, with_uploads
from lmsvc.client import Client

Advance = Callable[[int], None]


def upload_files(client: Client, document: object, folder: Path) -> object:
    """Upload each local file once and return the document that names uploads instead.

    Raises:
        DocumentError: A file cannot be read.
    """
    paths = local_files(document, folder)
    with _bar(paths) as advance:
        ids = {path: client.upload(path, advance)["id"] for path in paths}
    return with_uploads(document, folder, ids.__getitem__)


@contextmanager
def _bar(paths: Sequence[Path]) -> Iterator[Advance]:
    if not paths:
        yield lambda _: None
        return
    shown = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*shown, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"uploading {len(paths)} file(s)", total=sum(p.stat().st_size for p in paths))
        yield lambda size: progress.advance(task, size)
