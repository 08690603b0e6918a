"""Follows types and lengths from the job's inputs through all steps, and checks them on the way."""

from collections.abc import Mapping

from lmsvc.jobs.context import ValidationContext
from lmsvc.jobs.document import DatasetLayers, StepInput, Value, is_merged, references
from lmsvc.jobs.draft import Draft, DraftStep, placed_references
from lmsvc.jobs.faults import join
from lmsvc.jobs.findings import Findings
from lmsvc.jobs.flow import Flow, merged_length, of_input, of_output, of_value
from lmsvc.jobs.names import Reference
from lmsvc.jobs.tools import Tool
from lmsvc.jobs.types import TypeExpression


class FlowCheck:
    """Checks what flows into the steps of one document; steps must be given in an order that they need."""

    def __init__(self, draft: Draft, context: ValidationContext, findings: Findings) -> None:
        """Start with the inputs of the job."""
        self._draft, self._context, self._findings = draft, context, findings
        self._lengths: dict[str, int | None] = {}
        self.items = 0
        """Items of the steps seen so far, as far as they are known."""

    def check(self, name: str, step: DraftStep) -> None:
        """Check a step whose needed steps were checked before."""
        tool = self._context.tools.get(step.run or "")
        lengths: dict[str, int] = {}
        for given, binding in (step.bindings or {}).items():
            if tool is None or given not in tool.inputs or binding is None or step.scatter is None:
                continue
            is_scattered = given in step.scatter
            length = self._check_binding(step, given, binding, tool, is_scattered=is_scattered)
            if is_scattered and length is not None:
                lengths[given] = length
        self._finish(name, step, lengths)

    def _finish(self, name: str, step: DraftStep, lengths: Mapping[str, int]) -> None:
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{given} has {length}" for given, length in lengths.items())
            self._findings.add(join(step.at, "scatter"), f"scattered inputs must have as many elements each: {said}")
        self._lengths[name] = next(iter(lengths.values()), None) if step.scatter else 1
        self.items += self._lengths[name] or 0

    def _check_binding(
        self, step: DraftStep, name: str, binding: StepInput, tool: Tool, *, is_scattered: bool
    ) -> int | None:
        at, target = join(step.at, "in", name), tool.inputs[name].type
        if is_merged(binding):
            return self._check_merged(at, binding, target, f"{tool.id}/{name}", is_scattered=is_scattered)
        flow = self._flow(binding)
        if flow is None:
            return None
        if is_scattered:
            self._check_scattered(step, name, flow, target)
        elif not flow.fits(target) and not (flow.described == "null" and not tool.inputs[name].required):
            self._findings.add(at, _misfit(flow, target, f"{tool.id}/{name}", binding))
        return flow.length

    def _check_scattered(self, step: DraftStep, name: str, flow: Flow, target: TypeExpression) -> None:
        if not flow.is_array:
            at = step.scatter_places[(step.scatter or ()).index(name)]
            self._findings.add(at, f"{name} is {flow.described}, no array: there is nothing to scatter over")
        elif not flow.elements_fit(target):
            said = str(flow.item or flow.type.element) if flow.type else "a value that is none"
            self._findings.add(join(step.at, "in", name), f"each item takes {target} and would get {said}")

    def _check_merged(
        self, at: str, binding: StepInput, target: TypeExpression, wanted: str, *, is_scattered: bool
    ) -> int | None:
        if not is_scattered and not target.array:
            self._findings.add(at, f"{wanted} takes {target}; a list of references makes an array")
            return None
        element = target if is_scattered else target.element
        flows = {place: self._flow_of(reference) for place, reference in placed_references(at, binding)}
        for place, flow in flows.items():
            if flow and not _fits_merged(flow, element, is_scattered=is_scattered):
                self._findings.add(place, f"is {flow.described}; elements of {wanted} are {element}")
        return merged_length(list(flows.values()))

    def _flow(self, binding: StepInput) -> Flow | None:
        if isinstance(binding, Value):
            return of_value(binding.value)
        return self._flow_of(Reference.parse(references(binding)[0]))

    def _flow_of(self, reference: Reference) -> Flow | None:
        if reference.step is None:
            return self._input_flow(reference.name)
        step = (self._draft.steps or {}).get(reference.step)
        return self._output_flow(reference, step) if step and reference.step in self._lengths else None

    def _input_flow(self, name: str) -> Flow | None:
        given = (self._draft.inputs or {}).get(name)
        if given is None:
            return None
        return of_input(given, self._context.datasets.get(given.dataset) if isinstance(given, DatasetLayers) else None)

    def _output_flow(self, reference: Reference, step: DraftStep) -> Flow | None:
        tool = self._context.tools.get(step.run or "")
        if tool is None or reference.name not in tool.outputs or step.scatter is None or reference.step is None:
            return None
        declared = tool.outputs[reference.name].type
        return of_output(declared, scattered=bool(step.scatter), length=self._lengths[reference.step])


def _fits_merged(flow: Flow, element: TypeExpression, *, is_scattered: bool) -> bool:
    return flow.elements_fit(element) if is_scattered and flow.is_array else flow.fits_merged(element)


def _misfit(flow: Flow, target: TypeExpression, wanted: str, binding: StepInput) -> str:
    said = f"{wanted} takes {target}, this is {flow.described}"
    if target.base == "File" and flow.type is None:
        return f"{said}; files come from uploads, datasets or other steps"
    if target.base == "enum" and flow.type is None:
        return f"{wanted} takes one of {', '.join(target.symbols)}"
    if flow.type and flow.type.array and not target.array:
        return f"{said}; scatter over it to run once per element"
    if flow.type and target.array and not flow.type.array and isinstance(binding, str):
        return f'{said}; write ["{binding}"] to make it a list of one'
    if flow.type and flow.type.optional:
        return f"{said}, which may be missing"
    return said
