"""The site's own workflows: their descriptions lie on the control node, and go to the hosts that offer them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lmsvc.registry import SHIPPED_TOOLS, RegistryError, load_tools
from lmsvc.workflows.loading import SHIPPED_WORKFLOWS, load_workflows
from lmsvc.workflows.workflow import Workflow

Finding = tuple[str, str, str, str]
"""Host or ``site``, check, what was found, what to do."""

PLACE = "/etc/lmsvc/pools/workflows"


def workflow_files(directory: str, project: str) -> list[dict[str, str]]:
    """Return path on the hosts and content of each workflow in a directory of the control node.

    Args:
        directory: absolute, or below the project; empty for none.
        project: the directory of `ansible.cfg`.
    """
    found = sorted(Path(project, directory).glob("*.yaml")) if directory else []
    return [{"path": f"{PLACE}/{path.name}", "content": path.read_text(encoding="utf-8")} for path in found]


def preflight_workflows(tools: str, directory: str, project: str) -> list[Finding]:
    """Find workflows that the service could not read, and steps of theirs that run no tool there is.

    Args:
        tools: directory of the site's own tools, as `directory`.
        directory: of the workflows; absolute, or below the project; empty for none.
        project: the directory of `ansible.cfg`.
    """
    if not directory:
        return []
    try:
        workflows = load_workflows([SHIPPED_WORKFLOWS, Path(project, directory)])
    except RegistryError as error:
        return [_finding(fault, "correct the description of the workflow") for fault in str(error).splitlines()]
    known = _tools(Path(project, tools) if tools else None)
    return [_finding(fault, "correct its name") for each in workflows.values() for fault in _unknown(each, known)]


def _tools(directory: Path | None) -> frozenset[str]:
    """Return the ids of the tools there are; of the site's none while they have faults of their own."""
    try:
        return frozenset(load_tools([SHIPPED_TOOLS, *([directory] if directory else [])]))
    except RegistryError:
        return frozenset(load_tools([SHIPPED_TOOLS]))


def _unknown(workflow: Workflow, tools: frozenset[str]) -> Iterator[str]:
    for name, step in workflow.document.steps.items():
        if "${" not in step.run and step.run not in tools:
            yield f"step {name} of workflow {workflow.name} runs {step.run}, which is no tool"


def _finding(fault: str, remedy: str) -> Finding:
    return ("site", "workflows", fault, remedy)


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {function.__name__: function for function in (workflow_files, preflight_workflows)}
