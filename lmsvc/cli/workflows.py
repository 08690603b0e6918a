"""``lmsvc workflows`` and ``lmsvc new``: a job from a workflow's parameters instead of a document."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import click

from lmsvc.cli.documents import DOCUMENT, read_document
from lmsvc.cli.follow import finish
from lmsvc.cli.options import as_json, service
from lmsvc.cli.text import columns, print_json
from lmsvc.cli.upload import send_files
from lmsvc.client import Client
from lmsvc.client.models import Record

FILES = ("file", "files", "scenarios")
UPLOAD, DATASET = "upload:", "dataset:"
_WORDS: Mapping[str, Callable[[str], object]] = {
    "integer": int,
    "number": float,
    "boolean": {"true": True, "yes": True, "false": False, "no": False}.__getitem__,
}


@click.command()
@click.argument("name", required=False)
@service
@as_json
def workflows(name: str | None, client: Client, as_json: bool) -> None:
    """List the workflows, or show the parameters of the workflow (or tool) NAME."""
    answer: object = client.workflow(name) if name else client.workflows()
    if as_json:
        print_json(answer)
    elif isinstance(answer, dict):
        click.echo(workflow_text(answer))
    elif isinstance(answer, list):
        click.echo(columns(["workflow", "", "takes"], [[w["name"], w["title"], w["takes"]] for w in answer]))


def workflow_text(workflow: Record) -> str:
    """Return a workflow's description with a table of its parameters."""
    schema = workflow["parameters"]
    rows = [_row(name, facts, schema["required"]) for name, facts in schema["properties"].items()]
    return f"{workflow['title']}\n{workflow['doc']}\n\n{columns(['parameter', 'type', 'default', ''], rows)}"


def _row(name: str, facts: Record, required: Sequence[str]) -> list[object]:
    kind = facts["x-widget"] if facts["x-widget"] in FILES else facts.get("enum") or facts["type"]
    default = "required" if name in required else facts.get("default")
    return [name, "|".join(kind) if isinstance(kind, list) else kind, default, facts["title"]]


@click.command()
@click.argument("name")
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter; repeat for several.")
@click.option("--parameters", type=DOCUMENT, help="JSON file with parameters; --param wins over it.")
@click.option("--submit", "submitted", is_flag=True, help="Submit the job and print its id instead of the document.")
@click.option("--wait", is_flag=True, help="Submit the job and show progress until it has ended.")
@service
@as_json
def new(
    name: str,
    params: tuple[str, ...],
    parameters: Path | None,
    submitted: bool,
    wait: bool,
    client: Client,
    as_json: bool,
) -> int:
    """Make a job document of the workflow (or tool) NAME and its parameters.

    Files are given by their path and uploaded, or as upload:ID or dataset:NAME/LAYER; repeat the parameter for several
    files. A set of files of another time or place is one parameter with commas between its files.
    """
    given = _read(parameters) | read_params(client, params, client.workflow(name)["parameters"]["properties"])
    document = client.document(name, given)
    if not (submitted or wait):
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return 0
    job = client.submit(document)
    if not wait:
        print_json(job) if as_json else click.echo(job["id"])
        return 0
    click.echo(f"job {job['id']}", err=True)
    return finish(client, job["id"], None, as_json)


def _read(path: Path | None) -> Record:
    data = {} if path is None else read_document(path)[0]
    if not isinstance(data, dict):
        raise click.UsageError(f"{path} must hold an object of parameters by name")
    return data


def read_params(client: Client, params: Sequence[str], properties: Mapping[str, Record]) -> Record:
    """Return the parameters that options of the form NAME=VALUE give; files they name are uploaded.

    Args:
        client: where to upload to.
        params: the options.
        properties: what the schema of the parameters says of each.

    Raises:
        click.UsageError: one has no value, or one that is not of its type.
    """
    texts: dict[str, list[str]] = {}
    for param in params:
        name, equals, text = param.partition("=")
        if not equals:
            raise click.UsageError(f"{param!r} is not NAME=VALUE")
        texts.setdefault(name, []).append(text)
    return {name: _value(client, name, given, properties.get(name, {})) for name, given in texts.items()}


def _value(client: Client, name: str, texts: Sequence[str], facts: Record) -> object:
    match facts.get("x-widget"):
        case "file":
            return _one(name, list(_files(client, texts)))
        case "files":
            return _joined(list(_files(client, texts)))
        case "scenarios":
            return [_joined(list(_files(client, text.split(",")))) for text in texts]
    if facts.get("type") == "array":
        return [_word(name, text, facts["items"]) for text in texts]
    return _word(name, cast(str, _one(name, texts)), facts)


def _one(name: str, values: Sequence[object]) -> object:
    if len(values) > 1:
        raise click.UsageError(f"{name} takes one value, not {len(values)}")
    return values[0]


def _word(name: str, text: str, facts: Record) -> object:
    try:
        return _WORDS.get(facts.get("type", ""), str)(text)
    except (ValueError, KeyError):
        raise click.UsageError(f"{name}={text}: not of type {facts['type']}") from None


def _files(client: Client, texts: Sequence[str]) -> Iterator[Record]:
    for text in texts:
        if text.startswith(UPLOAD):
            yield {"upload": text.removeprefix(UPLOAD)}
        elif text.startswith(DATASET):
            dataset, slash, layer = text.removeprefix(DATASET).partition("/")
            yield {"dataset": dataset, "layer": layer} if slash else {"dataset": dataset}
        else:
            yield _sent(client, Path(text))


def _sent(client: Client, path: Path) -> Record:
    if not path.is_file():
        raise click.UsageError(f"there is no file {path}")
    stored = send_files(client, [path])[0]
    return {"upload": stored["id"], "label": path.stem}


def _joined(files: list[Any]) -> object:
    """Return files as documents name them: layers of one dataset together, others as a list."""
    datasets = {file["dataset"] for file in files if "dataset" in file}
    if len(datasets) != 1 or any("upload" in file for file in files):
        return files
    layers = [file["layer"] for file in files if "layer" in file]
    return {"dataset": datasets.pop(), "layers": layers} if layers else files[0]
