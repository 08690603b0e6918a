"""Validation of a job document: every fault at once, each with its place."""

from typing import Final

from lmsvc.jobs.context import ValidationContext
from lmsvc.jobs.document import JobDocument, references
from lmsvc.jobs.draft import Draft, DraftStep, read_draft, shape_faults
from lmsvc.jobs.faults import join
from lmsvc.jobs.findings import Findings
from lmsvc.jobs.flows import FlowCheck
from lmsvc.jobs.graph import cycles, ordered
from lmsvc.jobs.inputs import check_input
from lmsvc.jobs.limits import Limits
from lmsvc.jobs.names import INPUTS, Reference
from lmsvc.jobs.parsing import unusable
from lmsvc.jobs.schema import job_schema
from lmsvc.jobs.steps import check_reference, check_steps

__all__ = ["Limits", "ValidationContext", "job_schema", "validate_document"]

_CHANNELS: Final = {"webhook": "webhooks", "email": "mail"}


def validate_document(data: object, context: ValidationContext) -> JobDocument:
    """Check a document wholly.

    Args:
        data: any JSON value.
        context: what there is to refer to.

    Returns:
        The document, if nothing is wrong with it.

    Raises:
        DocumentError: with every fault (past a hundred, the first hundred).
    """
    findings = Findings()
    findings.extend(unusable(data, context.limits.depth))
    findings.raise_if_any()
    shape = shape_faults(data)
    findings.extend(shape)
    _check_meaning(read_draft(data, shape), context, findings)
    findings.raise_if_any()
    return JobDocument.model_validate(data)


def _check_meaning(draft: Draft, context: ValidationContext, findings: Findings) -> None:
    if len(draft.steps or {}) > context.limits.steps:
        findings.add("/steps", f"more than {context.limits.steps} steps")
        return
    for name, given in (draft.inputs or {}).items():
        if given is not None:
            check_input(join("", INPUTS, name), given, context, findings)
    check_steps(draft, context.tools, findings)
    _check_outputs(draft, context, findings)
    _check_place(draft, context, findings)
    _check_notify(draft, context, findings)
    _check_flows(draft, context, findings)


def _check_outputs(draft: Draft, context: ValidationContext, findings: Findings) -> None:
    findings.add_repeated("/outputs", [str(reference) for _, reference in draft.outputs])
    for at, reference in draft.outputs:
        if reference.step is None:
            findings.add(at, "an output is 'STEP/OUTPUT'; inputs of the job are none")
        else:
            check_reference(at, reference, draft, context.tools, findings)


def _check_place(draft: Draft, context: ValidationContext, findings: Findings) -> None:
    findings.add_repeated("/hosts", draft.hosts)
    if draft.pool is not None and context.pools is not None and draft.pool not in context.pools:
        findings.add_unknown("/pool", "pool", draft.pool, context.pools)


def _check_notify(draft: Draft, context: ValidationContext, findings: Findings) -> None:
    for channel in draft.notify if context.channels is not None else ():
        if channel not in (context.channels or ()):
            findings.add(join("/notify", channel), f"this site does not send any {_CHANNELS[channel]}")


def _check_flows(draft: Draft, context: ValidationContext, findings: Findings) -> None:
    steps = draft.steps or {}
    needs = {name: _needed(step) for name, step in steps.items()}
    for cycle in cycles(needs):
        circle = " -> ".join((*cycle, cycle[0]))
        findings.add(steps[cycle[0]].at, f"steps need each other in a circle: {circle}")
    check = FlowCheck(draft, context, findings)
    for name in ordered(needs):
        check.check(name, steps[name])
    if check.items > context.limits.items:
        findings.add("/steps", f"{check.items} items, more than {context.limits.items}")


def _needed(step: DraftStep) -> list[str]:
    bindings = (binding for binding in (step.bindings or {}).values() if binding is not None)
    owners = (Reference.parse(text).step for binding in bindings for text in references(binding))
    return [owner for owner in owners if owner is not None]
