"""``lmsvc validate``."""

from pathlib import Path

import click

from lmsvc.cli.configuration import configuration, settings_of
from lmsvc.cli.documents import DOCUMENT, read_document
from lmsvc.cli.exits import Exit
from lmsvc.cli.local_files import missing_files, with_uploads
from lmsvc.cli.options import as_json
from lmsvc.cli.text import print_json
from lmsvc.jobs.faults import DocumentError
from lmsvc.jobs.validation import ValidationContext, validate_document
from lmsvc.registry import SHIPPED_TOOLS, RegistryError, load_datasets, load_tools
from lmsvc.settings import Settings

ANY_UPLOAD = "0" * 32
"""Stands for a file that is not uploaded yet."""


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
        return Exit.USAGE
    print_json({"valid": True, "errors": []}) if as_json else click.echo(f"{name}: valid")
    return Exit.OK


def _check(path: Path, config: Path | None, data_dir: Path | None) -> str:
    context = _context(settings_of(config, data_dir))
    data, folder = read_document(path)
    faults = missing_files(data, folder)
    try:
        name = validate_document(with_uploads(data, folder, lambda _: ANY_UPLOAD), context).name
    except DocumentError as error:
        raise DocumentError(sorted([*faults, *error.faults])) from error
    if faults:
        raise DocumentError(faults)
    return name


def _context(settings: Settings) -> ValidationContext:
    try:
        tools, datasets = load_tools([SHIPPED_TOOLS, *settings.tool_dirs]), load_datasets(settings.dataset_dirs)
    except RegistryError as error:
        raise click.UsageError(str(error)) from error
    return ValidationContext(tools=tools, datasets=datasets, uploads=lambda _: True)
