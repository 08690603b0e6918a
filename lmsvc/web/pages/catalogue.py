"""Pages of what there is: the pools with their slots, the tools with their inputs and outputs, the site's datasets."""

from collections.abc import Iterable

from flask import Response

from lmsvc.jobs.tools import Tool
from lmsvc.web.catalogue import dataset_body, tool_body
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.pages.rendering import HTML, page
from lmsvc.web.pools import current_pools
from lmsvc.web.problems import not_found
from lmsvc.web.services import services


def pools_page() -> Response:
    """Show the pools: their slots by host, what they do, the work that waits."""
    return page("pools.html", pools=current_pools(), live=True)


def tools_page() -> Response:
    """Show the tools that steps may run, by category, and the site's datasets."""
    registries = services().registries
    datasets = [dataset_body(registries.datasets[name]) for name in sorted(registries.datasets)]
    return page("tools.html", categories=_by_category(registries.tools.values()), datasets=datasets)


def tool_page(name: str) -> Response:
    """Show a tool: what it takes, makes and needs, and what to cite."""
    tool = services().registries.tools.get(name)
    if tool is None:
        raise not_found(f"There is no tool {name}.")
    return page("tool.html", tool=tool_body(tool), pools=_pools_of(tool))


def _by_category(tools: Iterable[Tool]) -> dict[str, list[Tool]]:
    found: dict[str, list[Tool]] = {}
    for tool in sorted(tools, key=lambda tool: (tool.category, tool.id)):
        found.setdefault(tool.category, []).append(tool)
    return found


def _pools_of(tool: Tool) -> list[str]:
    pools = services().page.pools()
    return [name for name, pool in pools.items() if {"*", tool.category} & set(pool.categories)]


_PAGE = {200: Answer("The page.", media_type=HTML)}

OPERATIONS = (
    Operation("GET", "/pools", pools_page, "pages", _PAGE),
    Operation("GET", "/tools", tools_page, "pages", _PAGE),
    Operation("GET", "/tools/{name}", tool_page, "pages", _PAGE, (404,)),
)
