"""Putting parameters into a workflow's pattern: plain substitution, optional steps, steps that are repeated.

`${name}` alone stands for the parameter's value, whatever its type; inside a longer text for its text. What has no
value is left out, with everything that would refer to it. `{first: VALUE}` is the first of some files,
`{count: N, from: M}` the list of N whole numbers from M on.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import JsonValue

from lmsvc.jobs.faults import join
from lmsvc.jobs.names import INPUTS
from lmsvc.workflows.leaving_out import without_what_is_missing
from lmsvc.workflows.workflow import JOB_LICENCE, JOB_NAME, JOB_TAGS, NOTIFY, StepPattern, Workflow

Values = Mapping[str, JsonValue]
Node = Any
"""JSON, in which what is not there yet may stand."""

_WHOLE: Final = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")
_NUMBER: Final = "#"


class _Absent:
    """Stands for what was not given."""


ABSENT: Final = _Absent()


@dataclass(frozen=True)
class Made:
    """A job document, and which parameter a place in it comes from."""

    document: dict[str, Any]
    origins: Mapping[str, str]
    """By JSON pointer into the document the name of the parameter whose value stands there."""

    def origin(self, pointer: str) -> str | None:
        """Return the parameter that a place in the document comes from, None where it is the workflow's own."""
        while pointer:
            if pointer in self.origins:
                return self.origins[pointer]
            pointer = pointer.rpartition("/")[0]
        return None


def make_document(workflow: Workflow, values: Values) -> Made:
    """Return the job document that a workflow makes of checked parameters.

    Args:
        workflow: the workflow.
        values: a value for each of its parameters, None where none was given (see `checking.checked`).
    """
    filling = _Filling(values)
    pattern = workflow.document
    inputs = dict(filling.inputs(pattern.inputs))
    steps = {name: _scattered(step, inputs) for name, step in filling.steps(pattern.steps)}
    document = {
        "name": filling.text(f"${{{JOB_NAME}}}", "/name"),
        "description": " ".join(workflow.doc.split()),
        **filling.about_job(),
        "inputs": inputs,
        "steps": steps,
        "outputs": list(_outputs(pattern.outputs, steps)),
    }
    return Made(without_what_is_missing(document), filling.origins)


@dataclass
class _Filling:
    values: Values
    origins: dict[str, str] = field(default_factory=dict)

    def about_job(self) -> dict[str, Any]:
        """Give the tags, the licence, and who is told, where they are given."""
        places = {"tags": JOB_TAGS, "licence": JOB_LICENCE}
        about = {place: self.text(f"${{{name}}}", f"/{place}") for place, name in places.items()}
        told = {kind: self.text(f"${{{name}}}", f"/notify/{kind}") for name, kind in NOTIFY.items()}
        notify = {kind: address for kind, address in told.items() if address is not ABSENT}
        given = {place: value for place, value in about.items() if value is not ABSENT}
        return given | ({"notify": notify} if notify else {})

    def inputs(self, pattern: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, node in pattern.items():
            if _NUMBER in name:
                yield from self._numbered_inputs(name, node)
            elif (value := self.fill(node, join("/inputs", name))) is not ABSENT:
                yield name, value

    def _numbered_inputs(self, name: str, node: Node) -> Iterator[tuple[str, Any]]:
        """Give one input for each element of the parameter that the node names."""
        parameter = _WHOLE.fullmatch(node)
        assert parameter is not None, f"the numbered input {name} must be one parameter"
        given = self.values[parameter[1]]
        for number, value in enumerate(given if isinstance(given, list) else [], 1):
            numbered = name.replace(_NUMBER, str(number))
            self.origins[join("/inputs", numbered)] = parameter[1]
            yield numbered, value

    def steps(self, pattern: Mapping[str, StepPattern]) -> Iterator[tuple[str, Any]]:
        for name, step in pattern.items():
            if not all(self.values[used] for used in step.when or ()):
                continue
            if step.each is None:
                yield name, self._step(name, step)
                continue
            sets = self.values[step.each]
            for number in range(1, 1 + (len(sets) if isinstance(sets, list) else 0)):
                yield name.replace(_NUMBER, str(number)), self._step(name, step, str(number))

    def _step(self, name: str, step: StepPattern, number: str = _NUMBER) -> dict[str, Any]:
        at = join("/steps", name.replace(_NUMBER, number), "in")
        filled = {key: self.fill(_numbered(node, number), join(at, key)) for key, node in step.in_.items()}
        given = {key: value for key, value in filled.items() if value is not ABSENT}
        return {"run": step.run, **({"scatter": step.scatter} if step.scatter else {}), "in": given}

    def fill(self, node: Node, at: str) -> Node:
        if isinstance(node, str):
            return self.text(node, at)
        if isinstance(node, list):
            filled = [self.fill(each, join(at, index)) for index, each in enumerate(node)]
            return [each for each in filled if each is not ABSENT]
        return self._mapping(node, at) if isinstance(node, dict) else node

    def _mapping(self, node: dict[str, Any], at: str) -> Node:
        if set(node) in ({"count"}, {"count", "from"}):
            count, begin = (self.fill(node.get(key, 1), at) for key in ("count", "from"))
            return ABSENT if ABSENT in (count, begin) else list(range(begin, begin + count))
        if set(node) == {"first"}:
            return _first(self.fill(node["first"], at))
        filled = {key: self.fill(each, join(at, key)) for key, each in node.items()}
        return ABSENT if ABSENT in filled.values() else filled

    def text(self, text: str, at: str) -> Node:
        whole = _WHOLE.fullmatch(text)
        if whole is None:
            return _WHOLE.sub(lambda found: str(self.values[found[1]]), text)
        self.origins[at] = whole[1]
        value = self.values[whole[1]]
        return ABSENT if value is None else value


def _scattered(step: dict[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step that is not repeated over an input of the job that is one file."""
    scatter = step.pop("scatter", [])
    names = [scatter] if isinstance(scatter, str) else scatter
    over = [name for name in names if not _is_one_file(step["in"].get(name), inputs)]
    return {"run": step["run"], **({"scatter": over[0] if len(over) == 1 else over} if over else {}), "in": step["in"]}


def _is_one_file(binding: Node, inputs: Mapping[str, Any]) -> bool:
    if binding is None:
        return True
    step, _, name = binding.partition("/") if isinstance(binding, str) else ("", "", "")
    given = inputs.get(name) if step == INPUTS else None
    return isinstance(given, dict) and ("upload" in given or "layer" in given)


def _first(value: Node) -> Node:
    if isinstance(value, list):
        return value[0] if value else ABSENT
    if isinstance(value, dict) and value.get("layers"):
        return {"dataset": value["dataset"], "layer": value["layers"][0]}
    return ABSENT


def _numbered(node: Node, number: str) -> Node:
    return node.replace(_NUMBER, number) if isinstance(node, str) else node


def _outputs(pattern: list[str], steps: Mapping[str, Any]) -> Iterator[str]:
    """Give the outputs of the steps that are there."""
    for reference in pattern:
        step, _, output = reference.partition("/")
        form = re.compile(re.escape(step).replace(re.escape(_NUMBER), r"\d+"))
        yield from (f"{name}/{output}" for name in steps if form.fullmatch(name))
