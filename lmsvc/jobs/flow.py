"""What flows into a step's inputs: types, known values and known lengths, through inputs, steps and scatters."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from lmsvc.jobs.datasets import Dataset
from lmsvc.jobs.document import DatasetLayer, JobInput, Upload, Value
from lmsvc.jobs.types import TypeExpression

FILE = TypeExpression.parse("File")
FILES = TypeExpression.parse("File[]")


@dataclass(frozen=True)
class Flow:
    """What is known about a value before anything has run."""

    type: TypeExpression | None = None
    """None where it is a value of the document."""
    value: JsonValue = None
    length: int | None = None
    """Number of elements, if it is an array and the number is known."""
    item: TypeExpression | None = None
    """What one item gives, where it is what all items of a step give together (gathering leaves nulls out)."""

    @property
    def is_array(self) -> bool:
        """Whether it has elements."""
        return self.type.array if self.type else isinstance(self.value, list)

    @property
    def described(self) -> str:
        """Its type as a person would say it."""
        if self.type:
            return str(self.type)
        names = {bool: "a boolean", int: "an int", float: "a float", str: "a string", list: "a list", dict: "an object"}
        return names.get(type(self.value), "null")

    def fits(self, target: TypeExpression) -> bool:
        """Say whether it can be given where the type is asked for."""
        return target.takes(self.type) if self.type else target.takes_value(self.value)

    def elements_fit(self, target: TypeExpression) -> bool:
        """Say whether each of its elements can be given where the type is asked for."""
        if self.type:
            return target.takes(self.item or self.type.element)
        return isinstance(self.value, list) and all(target.takes_value(each) for each in self.value)

    def fits_merged(self, target: TypeExpression) -> bool:
        """Say whether it, or its elements where it has some, can be elements of such an array."""
        if self.type and self.type.array:
            return target.takes(self.type.element)
        return self.elements_fit(target) if self.is_array else self.fits(target)


def of_value(value: JsonValue) -> Flow:
    """Return what is known about a value of the document."""
    return Flow(value=value, length=len(value) if isinstance(value, list) else None)


def of_input(given: JobInput, dataset: Dataset | None) -> Flow:
    """Return what is known about an input of the job; `dataset` is the one it names, if that is known."""
    match given:
        case Value():
            return of_value(given.value)
        case Upload() | DatasetLayer():
            return Flow(FILE)
        case list():
            return Flow(FILES, length=len(given))
    layers = given.layers if given.layers is not None else dataset.layers if dataset else None
    return Flow(FILES, length=None if layers is None else len(layers))


def of_output(declared: TypeExpression, *, scattered: bool, length: int | None) -> Flow:
    """Return what is known about an output of a step, of all its items together if it is scattered."""
    if not scattered:
        return Flow(declared)
    item = declared.element if declared.array else declared
    return Flow(declared.collected, length=None if declared.array else length, item=item)


def merged_length(parts: Sequence[Flow | None]) -> int | None:
    """Return the number of elements of a flattened concatenation, if all are known."""
    total = 0
    for part in parts:
        length = None if part is None else part.length if part.is_array else 1
        if length is None:
            return None
        total += length
    return total
