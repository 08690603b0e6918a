"""``lmsvc tools``, ``datasets``, ``pools``, ``openapi``: what the service has to offer."""

from collections.abc import Iterator

import click

from lmsvc.cli.options import as_json, service
from lmsvc.cli.text import columns, moment_text, print_json
from lmsvc.client import Client
from lmsvc.client.models import Pool, Record, Tool


@click.command()
@click.argument("name", required=False)
@service
@as_json
def tools(name: str | None, client: Client, as_json: bool) -> None:
    """List all tools, or show the tool NAME with its inputs and outputs."""
    if name:
        tool = client.tool(name)
        print_json(tool) if as_json else click.echo(tool_text(tool))
        return
    listed = client.tools()
    rows = [[tool["id"], tool["category"], tool["label"]] for tool in listed]
    print_json(listed) if as_json else click.echo(columns(["tool", "category", ""], rows))


def tool_text(tool: Tool) -> str:
    """Return a tool's description with tables of its inputs and outputs."""
    parts = [f"{tool['id']} ({tool['category']}): {tool['label']}", tool["doc"]]
    for kind, ports in (("inputs", tool["inputs"]), ("outputs", tool["outputs"])):
        rows = [_port_row(name, port) for name, port in ports.items()]
        parts.append(columns([kind, "type", "default", ""], rows))
    return "\n\n".join(parts)


def _port_row(name: str, port: Record) -> list[object]:
    default = "required" if port.get("required") else port.get("default")
    return [name, _type_text(port["type"]), default, port["doc"] or port["label"]]


def _type_text(type_: str | Record) -> str:
    return type_ if isinstance(type_, str) else "|".join(type_["symbols"])


@click.command()
@service
@as_json
def datasets(client: Client, as_json: bool) -> None:
    """List the site's datasets with their layers."""
    answer = client.datasets()
    if as_json:
        print_json(answer)
        return
    rows = [[d["name"], d["version"], d["title"], [file["layer"] for file in d["files"]]] for d in answer]
    click.echo(columns(["dataset", "version", "title", "layers"], rows) if rows else "this site has no datasets")


@click.command()
@service
@as_json
def pools(client: Client, as_json: bool) -> None:
    """List the pools: their bounds, slots, tasks and hosts (busy/wanted), and what was scaled last and why."""
    answer = client.pools()
    if as_json:
        print_json(answer)
        return
    click.echo(pools_text(answer))


def pools_text(answer: list[Pool]) -> str:
    """Return a table of pools, and below it what there is to know of some of them."""
    header = ["pool", "categories", "bounds", "wanted", "idle", "busy", "tasks waiting", "running", "oldest", "hosts"]
    table = columns(header, [_pool_row(pool) for pool in answer])
    return "\n".join([table, *(f"{pool['name']}: {note}" for pool in answer for note in _pool_notes(pool))])


def _pool_row(pool: Pool) -> list[object]:
    bounds = None if pool["max"] is None else f"{pool['min']}..{pool['max']}"
    oldest = pool["oldest_waiting_seconds"]
    keys = ("wanted", "idle", "busy", "tasks_waiting", "tasks_running")
    waited = None if oldest is None else f"{oldest:.0f} s"
    hosts = [f"{host['host']} {host['busy']}/{host['wanted']}" for host in pool["hosts"]]
    return [pool["name"], pool["categories"], bounds, *(dict(pool)[key] for key in keys), waited, hosts]


def _pool_notes(pool: Pool) -> Iterator[str]:
    if gpus := pool["gpus"]:
        yield f"each slot has {gpus} {'GPU' if gpus == 1 else 'GPUs'}"
    yield from (f"host {host['host']} is drained" for host in pool["hosts"] if host["drained"])
    for host in pool["lost"]:
        yield f"host {host['host']} not heard since {moment_text(host['last_heard'])}"
    if action := pool["last_action"]:
        yield f"{action['reason']} ({moment_text(action['time'])})"


@click.command()
@service
def openapi(client: Client) -> None:
    """Print the OpenAPI document of the service."""
    print_json(client.openapi())
