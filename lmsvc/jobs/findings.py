"""Collects faults while a document is read."""

from collections.abc import Collection, Iterable
from typing import Final

from lmsvc.jobs.faults import DocumentError, Fault, join, quoted, unknown

MOST_FAULTS: Final = 100
_MOST_NAMES: Final = 500


class Findings:
    """The faults found so far; past a hundred the rest would help nobody, and reading ends."""

    def __init__(self) -> None:
        """Start with nothing found."""
        self._faults: dict[Fault, None] = {}

    def add(self, pointer: str, detail: str) -> None:
        """Add a fault.

        Raises:
            DocumentError: it was one too many.
        """
        self._faults[Fault(pointer, detail)] = None
        if len(self._faults) > MOST_FAULTS:
            self._faults.popitem()
            raise DocumentError([*sorted(self._faults), Fault("", f"more than {MOST_FAULTS} faults; see these first")])

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add faults found elsewhere."""
        for fault in faults:
            self.add(fault.pointer, fault.detail)

    def add_unknown(self, pointer: str, kind: str, name: str, known: Collection[str]) -> None:
        """Add that a name means nothing, with the nearest known one."""
        self.add(pointer, unknown(kind, name, known if len(known) <= _MOST_NAMES else ()))

    def add_repeated(self, pointer: str, names: Iterable[object]) -> None:
        """Add a fault for each element of a list that stood there before."""
        seen = set[object]()
        for index, name in enumerate(names):
            if name in seen:
                self.add(join(pointer, index), f"{quoted(str(name))} stands here twice")
            seen.add(name)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults, by place."""
        return tuple(sorted(self._faults))

    def raise_if_any(self) -> None:
        """Raise `DocumentError` if there is a fault."""
        if self._faults:
            raise DocumentError(self.faults)
