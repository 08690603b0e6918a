"""Checks of the parameters of a workflow: every fault at once, each with a JSON pointer into the parameters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import JsonValue, TypeAdapter, ValidationError

from lmsvc.jobs.context import ValidationContext
from lmsvc.jobs.document import JobInput
from lmsvc.jobs.faults import DocumentError, Fault, join
from lmsvc.jobs.findings import Findings
from lmsvc.jobs.inputs import check_input
from lmsvc.jobs.parsing import unusable
from lmsvc.jobs.shape import faults_of
from lmsvc.jobs.validation import validate_document
from lmsvc.workflows.filling import Made, Values, make_document
from lmsvc.workflows.parameters import Parameter
from lmsvc.workflows.workflow import Workflow

_INPUT: Final[TypeAdapter[JobInput]] = TypeAdapter(JobInput)
_NOTHING: Final[tuple[JsonValue, ...]] = (None, "", [], {})


def document_of(workflow: Workflow, given: object, context: ValidationContext) -> dict[str, Any]:
    """Return the valid job document that a workflow makes of some parameters.

    Args:
        workflow: the workflow.
        given: an object of parameters by name, as JSON.
        context: what the document may refer to.

    Raises:
        DocumentError: with every fault, by pointers into the parameters.
    """
    values = checked(workflow, given, context)
    made = make_document(workflow, values)
    try:
        validate_document(made.document, context)
    except DocumentError as error:
        raise DocumentError(_about_parameter(fault, made) for fault in error.faults) from error
    return {**made.document, "template": {"name": workflow.template, "parameters": _kept(given)}}


def _kept(given: object) -> dict[str, Any]:
    """Return the parameters that were given, without those that say nothing."""
    assert isinstance(given, dict)
    return {name: value for name, value in given.items() if not _is_nothing(value)}


def _is_nothing(value: JsonValue) -> bool:
    return not isinstance(value, (bool, int, float)) and value in _NOTHING


def _about_parameter(fault: Fault, made: Made) -> Fault:
    origin = made.origin(fault.pointer)
    return fault if origin is None else Fault(join("", origin), fault.detail)


def checked(workflow: Workflow, given: object, context: ValidationContext) -> Values:
    """Return a value for each parameter: the one given, the default, or None.

    Raises:
        DocumentError: with every fault.
    """
    findings = Findings()
    findings.extend(unusable(given))
    findings.raise_if_any()
    if not isinstance(given, dict):
        raise DocumentError([Fault("", "must be an object of parameters by name")])
    for name in given:
        if name not in workflow.parameters:
            findings.add_unknown(join("", name), "parameter", name, workflow.parameters)
    values = {
        name: _Checking(join("", name), parameter, context, findings).value(given.get(name))
        for name, parameter in workflow.parameters.items()
    }
    for names in workflow.together:
        _check_together(names, values, findings)
    findings.raise_if_any()
    return values


def _check_together(names: tuple[str, ...], values: Values, findings: Findings) -> None:
    missing = [name for name in names if values[name] is None]
    if 0 < len(missing) < len(names):
        for name in missing:
            findings.add(join("", name), f"give all of {', '.join(names)}, or none")


@dataclass(frozen=True)
class _Checking:
    at: str
    parameter: Parameter
    context: ValidationContext
    findings: Findings

    def value(self, given: JsonValue) -> JsonValue:
        value = self.parameter.default if _is_nothing(given) else given
        if value is None:
            if self.parameter.required:
                self.findings.add(self.at, "this is needed")
            return None
        if self.parameter.is_file:
            return self._files(value)
        if fault := self.parameter.fault(value):
            self.findings.add(self.at, fault)
        return value

    def _files(self, given: JsonValue) -> JsonValue:
        shapes: dict[str, Callable[[str, JsonValue], JsonValue]] = {"file": self._file, "files": self._several}
        if self.parameter.type != "scenarios":
            return shapes[self.parameter.type](self.at, given)
        if not isinstance(given, list):
            self.findings.add(self.at, "must be a list of sets of files")
            return None
        if len(given) > self.parameter.max_items:
            self.findings.add(self.at, f"more than {self.parameter.max_items} sets")
        return [self._several(join(self.at, number), each) for number, each in enumerate(given)]

    def _file(self, at: str, given: JsonValue) -> JsonValue:
        if isinstance(given, list) and len(given) == 1:
            given = given[0]
        if (isinstance(given, list) or _is_layers(given)) and not self.parameter.each:
            self.findings.add(at, "must be one file")
            return None
        return self._existing(at, given)

    def _several(self, at: str, given: JsonValue) -> JsonValue:
        if isinstance(given, dict):
            if "layer" in given:
                return self._existing(at, {"dataset": given.get("dataset"), "layers": [given["layer"]]})
            given = [given] if "upload" in given else self._all_layers(given)
        return self._existing(at, given)

    def _all_layers(self, given: dict[str, JsonValue]) -> JsonValue:
        """Return layers of a dataset by name where only the dataset is named."""
        dataset = self.context.datasets.get(str(given.get("dataset")))
        return given if given.get("layers") or dataset is None else {**given, "layers": list(dataset.layers)}

    def _existing(self, at: str, given: JsonValue) -> JsonValue:
        try:
            parsed = _INPUT.validate_python(given)
        except ValidationError as error:
            self.findings.extend(faults_of(error, at, tagged=True))
            return None
        if isinstance(given, dict) and "value" in given:
            self.findings.add(at, "must be a file: {upload: ...} or {dataset: ...}")
            return None
        check_input(at, parsed, self.context, self.findings)
        return given


def _is_layers(given: JsonValue) -> bool:
    return isinstance(given, dict) and "dataset" in given and "layer" not in given
