"""``lmsvc validate``."""

import hashlib
from pathlib import Path

import click

from lmsvc.cli.configuration import configuration, settings_of
from lmsvc.cli.documents import DOCUMENT, read_document
from lmsvc.cli.local_files import local_files, with_uploads
from lmsvc.cli.options import as_json
from lmsvc.cli.text import print_json
from lmsvc.jobs.faults import DocumentError
from lmsvc.jobs.validation import ValidationContext, validate_document
from lmsvc.registry import load_datasets, load_tools


@click.command()
@click.argument("document", type=DOCUMENT)
@configuration
@as_json
def validate(document: Path, config: Path | None, data_dir: Path | None, as_json: bool) -> int:
    """Check DOCUMENT (- is stdin) against the tools and datasets of this installation.

    No service is needed. Every fault is named with a JSON pointer to its place.
    """
    try:
        name = _check(document, config, data_dir)
    except DocumentError as error:
        if not as_json:
            raise
        print_json({"valid": False, "errors": [{"pointer": f.pointer, "detail": f.detail} for f in error.faults]})
        return 2
    print_json({"valid": True, "errors": []}) if as_json else click.echo(f"{name}: valid")
    return 0


def _check(path: Path, config: Path | None, data_dir: Path | None) -> str:
    settings = settings_of(config, data_dir)
    data, folder = read_document(path)
    local_files(data, folder)
    context = ValidationContext(
        tools=load_tools(settings.tool_dirs), datasets=load_datasets(settings.dataset_dirs), uploads=lambda _: True
    )
    return validate_document(with_uploads(data, folder, _content_id), context).name


def _content_id(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]
