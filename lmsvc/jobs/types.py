"""The types of tool inputs and outputs, in the words of CWL: `File`, `string[]`, `int?`, enumerations."""

import re
from typing import Annotated, Any, Final, Literal, Self, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, PlainSerializer

Base = Literal["File", "string", "int", "float", "boolean", "enum"]
_FORM: Final = re.compile(r"(File|string|int|float|boolean|enum)(\[\])?(\?)?")
_WIDER: Final[dict[str, frozenset[str]]] = {"float": frozenset({"int"}), "string": frozenset({"enum"})}


class TypeExpression(BaseModel):
    """A type: a base, whether it is an array of it, and whether null will do as well."""

    model_config = ConfigDict(frozen=True)

    base: Base
    array: bool = False
    optional: bool = False
    symbols: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, symbols: tuple[str, ...] = ()) -> Self:
        """Read a type such as `File[]?`.

        Raises:
            ValueError: the text is not a type, or symbols and `enum` do not go together.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"{text[:80]!r} is not a type: File, string, int, float, boolean, enum; then [] and ?")
        if (match[1] == "enum") != bool(symbols):
            raise ValueError("an enum, and nothing else, has symbols")
        return cls(base=cast(Base, match[1]), array=bool(match[2]), optional=bool(match[3]), symbols=symbols)

    def __str__(self) -> str:
        """Return the type as it is written."""
        return f"{self.base}{'[]' if self.array else ''}{'?' if self.optional else ''}"

    @property
    def element(self) -> Self:
        """The type of one element of this array."""
        return self.model_copy(update={"array": False, "optional": False})

    @property
    def collected(self) -> Self:
        """The type of all items' values gathered in one flat array (nulls are left out)."""
        return self.model_copy(update={"array": True, "optional": False})

    def takes(self, other: "TypeExpression") -> bool:
        """Say whether every value of the other type is one of this type."""
        if other.array != self.array or (other.optional and not self.optional):
            return False
        if self.base == other.base == "enum":
            return set(other.symbols) <= set(self.symbols)
        return other.base == self.base or other.base in _WIDER.get(self.base, frozenset())

    def takes_value(self, value: JsonValue) -> bool:
        """Say whether a JSON value is of this type (never for files: those are uploads or datasets)."""
        if value is None:
            return self.optional
        if self.array:
            return isinstance(value, list) and all(self.element.takes_value(each) for each in value)
        return self._takes_scalar(value)

    def _takes_scalar(self, value: JsonValue) -> bool:
        match self.base:
            case "string":
                return isinstance(value, str)
            case "int":
                return isinstance(value, int) and not isinstance(value, bool)
            case "float":
                return isinstance(value, int | float) and not isinstance(value, bool)
            case "boolean":
                return isinstance(value, bool)
            case "enum":
                return isinstance(value, str) and value in self.symbols
            case _:
                return False


def _read(value: object) -> TypeExpression:
    if isinstance(value, TypeExpression):
        return value
    if isinstance(value, str):
        return TypeExpression.parse(value)
    if isinstance(value, dict) and set(value) == {"type", "symbols"}:
        return _read_enum(value)
    raise ValueError("a type is a text such as 'File[]?', or {type: enum, symbols: [...]}")


def _read_enum(value: dict[str, Any]) -> TypeExpression:
    symbols = value["symbols"]
    if not isinstance(symbols, list) or not all(isinstance(symbol, str) and symbol for symbol in symbols):
        raise ValueError("symbols is a list of texts")
    return TypeExpression.parse(str(value["type"]), tuple(symbols))


def _write(value: TypeExpression) -> str | dict[str, Any]:
    return {"type": str(value), "symbols": list(value.symbols)} if value.symbols else str(value)


Type = Annotated[TypeExpression, BeforeValidator(_read), PlainSerializer(_write)]
"""A `TypeExpression` as a field: read from and written to its short form."""
