"""Checks of a job's steps one by one: tools, names of inputs, references."""

from collections.abc import Mapping

from lmsvc.jobs.document import StepInput
from lmsvc.jobs.draft import Draft, DraftStep, placed_references
from lmsvc.jobs.faults import join
from lmsvc.jobs.findings import Findings
from lmsvc.jobs.names import INPUTS, Reference
from lmsvc.jobs.tools import Tool, ToolRegistry


def check_steps(draft: Draft, tools: ToolRegistry, findings: Findings) -> None:
    """Check every step's names: its own, its tool's, its inputs' and the names it refers to."""
    for name, step in (draft.steps or {}).items():
        if name == INPUTS:
            findings.add(step.at, f"a step cannot be named {INPUTS!r}, which stands for the inputs of the job")
        tool = _tool(step, tools, findings)
        if tool is not None and step.bindings is not None:
            _check_names(step, step.bindings, tool, findings)
        _check_references(step, draft, tools, findings)


def _tool(step: DraftStep, tools: ToolRegistry, findings: Findings) -> Tool | None:
    if step.run is None:
        return None
    if step.run not in tools:
        findings.add_unknown(join(step.at, "run"), "tool", step.run, tools)
    return tools.get(step.run)


def _check_names(step: DraftStep, bindings: Mapping[str, StepInput | None], tool: Tool, findings: Findings) -> None:
    for name in bindings:
        if name not in tool.inputs:
            findings.add_unknown(join(step.at, "in", name), f"input of {tool.id}", name, tool.inputs)
    for name, wanted in tool.inputs.items():
        if wanted.required and name not in bindings:
            findings.add(join(step.at, "in"), f"input {name!r} of {tool.id} ({wanted.type}) is missing")
    for at, name in zip(step.scatter_places, step.scatter or (), strict=True):
        if name not in bindings:
            findings.add_unknown(at, "input of this step", name, bindings)
    findings.add_repeated(join(step.at, "scatter"), step.scatter or ())


def _check_references(step: DraftStep, draft: Draft, tools: ToolRegistry, findings: Findings) -> None:
    for name, binding in (step.bindings or {}).items():
        if binding is None:
            continue
        for at, reference in placed_references(join(step.at, "in", name), binding):
            check_reference(at, reference, draft, tools, findings)


def check_reference(at: str, reference: Reference, draft: Draft, tools: ToolRegistry, findings: Findings) -> None:
    """Check that what a reference names exists."""
    if reference.step is None:
        if draft.inputs is not None and reference.name not in draft.inputs:
            findings.add_unknown(at, "input of the job", reference.name, draft.inputs)
        return
    if draft.steps is None:
        return
    step = draft.steps.get(reference.step)
    if step is None:
        findings.add_unknown(at, "step", reference.step, draft.steps)
        return
    tool = tools.get(step.run or "")
    if tool is not None and reference.name not in tool.outputs:
        findings.add_unknown(at, f"output of step {reference.step} ({tool.id})", reference.name, tool.outputs)
