"""The site's own tools: their descriptions lie on the control node, and go to the hosts that read them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lmsvc.registry import SHIPPED_TOOLS, RegistryError, load_tools

Finding = tuple[str, str, str, str]
"""Host or ``site``, check, what was found, what to do."""


def tool_files(directory: str, project: str, place: str) -> list[dict[str, str]]:
    """Return path on the hosts and content of each description in a directory of the control node.

    Args:
        directory: absolute, or below the project; empty for none.
        project: the directory of `ansible.cfg`.
        place: where they lie on the hosts.
    """
    found = sorted(Path(project, directory).glob("*.yaml")) if directory else []
    return [{"path": f"{place}/{path.name}", "content": path.read_text(encoding="utf-8")} for path in found]


def preflight_tools(pools: Mapping[str, Mapping[str, Any]], directory: str, project: str) -> list[Finding]:
    """Find descriptions that cannot be read, and tools of a category that no pool serves."""
    if not directory:
        return []
    try:
        tools = load_tools([SHIPPED_TOOLS, Path(project, directory)])
    except RegistryError as error:
        return [("site", "tools", fault, "correct the description of the tool") for fault in str(error).splitlines()]
    served = {category for pool in pools.values() for category in pool.get("categories", [])}
    lacking = [] if "*" in served else [tool for tool in tools.values() if tool.category not in served]
    return [
        (
            "site",
            "tools",
            f"no pool serves the category {tool.category} of tool {tool.id}",
            f"add {tool.category} to the categories of a pool",
        )
        for tool in lacking
    ]


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {function.__name__: function for function in (tool_files, preflight_tools)}
