"""Parameters of a workflow: what a form asks for, in the words of JSON Schema and three types of our own for files."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Kind = Literal["file", "files", "scenarios", "string", "integer", "number", "boolean", "strings", "numbers"]

Json = Any

FILE_KINDS: Final = frozenset({"file", "files", "scenarios"})
ELEMENTS: Final[Mapping[str, Kind]] = {"strings": "string", "numbers": "number"}
"""The lists, and what their elements are."""


class Parameter(BaseModel):
    """One parameter.

    Attributes:
        type: `file` is one file, `files` are several, `scenarios` are sets of files, `strings` and `numbers` are lists.
        title: a few words for the form.
        description: a sentence or two for the form.
        default: what holds where nothing is given; None where nothing then is.
        required: whether it must be given.
        group: heading below which the form shows it.
        advanced: whether the form hides it until it is asked for.
        enum: the only values there are.
        examples: values that a form suggests; others are as good.
        minimum: least number.
        maximum: greatest number.
        exclusive_minimum: a number it must be above.
        max_length: most characters of a text.
        max_items: most elements of a list, or sets of files.
        accept: endings of the files that make sense.
        column_of: the file parameter whose table has the column that this parameter names.
        column_role: what that column holds: `species`, `x` or `y`.
        each: for a file: several may be given, and the step runs once for each.
        unit: what a number counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Kind = "string"
    title: Annotated[str, Field(min_length=1)]
    description: str = ""
    default: JsonValue = None
    required: bool = False
    group: str = "Parameters"
    advanced: bool = False
    enum: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    max_length: int = 1000
    max_items: int = 1000
    accept: tuple[str, ...] = ()
    column_of: str | None = None
    column_role: Literal["species", "x", "y"] | None = None
    each: bool = False
    unit: str = ""

    @property
    def is_file(self) -> bool:
        """Whether files are given for it."""
        return self.type in FILE_KINDS

    @property
    def several(self) -> bool:
        """Whether more than one file can be given for it."""
        return self.type in ("files", "scenarios") or self.each

    @property
    def element(self) -> Kind:
        """The type of its elements, where it is a list; its own otherwise."""
        return ELEMENTS.get(self.type, self.type)

    def fault(self, value: JsonValue) -> str | None:
        """Say what is wrong with a value that is not of files; None where nothing is."""
        if self.type not in ELEMENTS:
            return self._fault(value)
        if not isinstance(value, list):
            return "must be a list"
        if len(value) > self.max_items:
            return f"more than {self.max_items} elements"
        return next((fault for each in value if (fault := self._fault(each))), None)

    def _fault(self, value: Json) -> str | None:
        match self.element:
            case "boolean":
                return None if isinstance(value, bool) else "must be true or false"
            case "string":
                return self._text_fault(value)
            case _:
                return self._number_fault(value)

    def _text_fault(self, value: Json) -> str | None:
        if not isinstance(value, str):
            return "must be a text"
        if self.enum and value not in self.enum:
            return f"must be one of {', '.join(self.enum)}"
        return f"longer than {self.max_length} characters" if len(value) > self.max_length else None

    def _number_fault(self, value: Json) -> str | None:
        whole = self.element == "integer"
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            return "must be a whole number" if whole else "must be a number"
        if not math.isfinite(value):
            return "must be a number"
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum:g}"
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {self.maximum:g}"
        if self.exclusive_minimum is not None and value <= self.exclusive_minimum:
            return f"must be more than {self.exclusive_minimum:g}"
        return None
