"""A workflow's form, ready to be rendered: fields in groups, with what was filled in and what is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from lmsvc.jobs.datasets import Dataset
from lmsvc.jobs.faults import Fault
from lmsvc.web.form_reading import LABEL, LAYER, MOST_SETS, UPLOAD, Parameters
from lmsvc.web.previews_csv import NoTable, PreviewBody, preview_of
from lmsvc.web.services import Services
from lmsvc.web.uploads import UPLOAD_ID, user
from lmsvc.workflows.parameters import Parameter
from lmsvc.workflows.workflow import NOTIFY, Workflow


@dataclass(frozen=True)
class Held:
    """A file that a place of the form has already."""

    id: str
    name: str
    size: int
    label: str


@dataclass(frozen=True)
class Slot:
    """A place for one file or several.

    Attributes:
        field: the name of the form's fields for it begins so.
        held: uploads that are in it.
        layers: chosen layers of datasets, `DATASET/LAYER`.
    """

    field: str
    several: bool
    held: tuple[Held, ...]
    layers: frozenset[str]

    @property
    def upload_field(self) -> str:
        """Return the name of the boxes that keep its uploads."""
        return self.field + UPLOAD

    @property
    def label_field(self) -> str:
        """Return how the names of its uploads' label fields begin."""
        return self.field + LABEL

    @property
    def layer_field(self) -> str:
        """Return the name of its choice of layers."""
        return self.field + LAYER


@dataclass(frozen=True)
class Field:
    """One parameter in the form."""

    name: str
    parameter: Parameter
    text: str
    checked: bool
    slots: tuple[Slot, ...]
    faults: tuple[str, ...]
    preview: PreviewBody | None = None
    unreadable: str | None = None

    @property
    def needed(self) -> bool:
        """Whether something must be given."""
        return self.parameter.required

    @property
    def wide(self) -> bool:
        """Whether it takes a line of its own."""
        narrow = self.parameter.column_of or self.parameter.enum or self.parameter.type in ("integer", "number")
        return not narrow


@dataclass(frozen=True)
class Group:
    """Fields below one heading; the advanced ones are shown when asked for."""

    title: str
    fields: tuple[Field, ...]
    advanced: tuple[Field, ...]

    @property
    def opened(self) -> bool:
        """Whether the advanced fields are shown: something is wrong there, or was filled in."""
        return any(field.faults or field.text != text(field.parameter.default) for field in self.advanced)


@dataclass(frozen=True)
class Form:
    """All of a form."""

    workflow: Workflow
    groups: tuple[Group, ...]
    faults: tuple[Fault, ...]
    datasets: Sequence[Dataset]

    @property
    def has_files(self) -> bool:
        """Whether files can be given."""
        return any(parameter.is_file for parameter in self.workflow.parameters.values())

    @property
    def tables(self) -> frozenset[str]:
        """Return the parameters with tables whose columns other parameters name."""
        return frozenset(each.column_of for each in self.workflow.parameters.values() if each.column_of)

    def preview_of(self, field: Field) -> PreviewBody | None:
        """Return the beginning of the table that a parameter names a column of."""
        fields = (each for group in self.groups for each in (*group.fields, *group.advanced))
        return next((each.preview for each in fields if each.name == field.parameter.column_of), None)


def form_of(found: Services, workflow: Workflow, given: Parameters | None, faults: Sequence[Fault] = ()) -> Form:
    """Return a workflow's form.

    Args:
        found: the services.
        workflow: the workflow.
        given: what was filled in; None for a new form, where the defaults stand.
        faults: what is wrong, by pointers into the parameters.
    """
    by_name: dict[str, list[Fault]] = {name: [] for name in workflow.parameters}
    others: list[Fault] = []
    for fault in faults:
        by_name.get(fault.pointer.split("/")[1] if "/" in fault.pointer else "", others).append(fault)
    building = _Building(found, workflow, given)
    channels = found.settings.notices.channels
    shown = [name for name in workflow.parameters if NOTIFY.get(name, "") in {"", *channels}]
    fields = [building.field(name, tuple(fault.detail for fault in by_name[name])) for name in shown]
    return Form(workflow, tuple(_groups(fields)), tuple(others), tuple(found.registries.datasets.values()))


def _groups(fields: Sequence[Field]) -> Iterator[Group]:
    for title in dict.fromkeys(field.parameter.group for field in fields):
        own = [field for field in fields if field.parameter.group == title]
        simple = tuple(field for field in own if not field.parameter.advanced)
        yield Group(title, simple, tuple(field for field in own if field.parameter.advanced))


@dataclass(frozen=True)
class _Building:
    found: Services
    workflow: Workflow
    given: Parameters | None

    def field(self, name: str, faults: tuple[str, ...]) -> Field:
        parameter = self.workflow.parameters[name]
        value = parameter.default if self.given is None else self.given.get(name)
        slots = tuple(self._slots(name, parameter, value)) if parameter.is_file else ()
        preview, unreadable = self._preview(name, slots)
        shown = "" if parameter.is_file else text(value)
        return Field(name, parameter, shown, value is True, slots, faults, preview, unreadable)

    def _slots(self, name: str, parameter: Parameter, value: JsonValue) -> Iterator[Slot]:
        if parameter.type != "scenarios":
            yield self._slot(name, parameter.several, value)
            return
        sets = value if isinstance(value, list) else []
        for number, each in enumerate([*sets, None][: min(parameter.max_items, MOST_SETS)], 1):
            yield self._slot(f"{name}.{number}", True, each)

    def _slot(self, field: str, several: bool, value: JsonValue) -> Slot:
        entries: list[Any] = value if isinstance(value, list) else [value]
        objects = [entry for entry in entries if isinstance(entry, dict)]
        held = (self._held(entry) for entry in objects if "upload" in entry)
        layers = (layer for entry in objects for layer in _layers(entry, self.found.registries.datasets))
        return Slot(field, several, tuple(each for each in held if each), frozenset(layers))

    def _held(self, entry: Mapping[str, Any]) -> Held | None:
        identity = str(entry["upload"])
        upload = self.found.store.upload(identity, user()) if UPLOAD_ID.fullmatch(identity) else None
        return Held(upload.id, upload.name, upload.size, str(entry.get("label") or "")) if upload else None

    def _preview(self, name: str, slots: Sequence[Slot]) -> tuple[PreviewBody | None, str | None]:
        """Return the beginning of a table whose columns other parameters name, or why it cannot be read."""
        needed = any(parameter.column_of == name for parameter in self.workflow.parameters.values())
        held = next((each for slot in slots for each in slot.held), None)
        upload = self.found.store.upload(held.id, user()) if needed and held else None
        if upload is None:
            return None, None
        try:
            return preview_of(upload), None
        except NoTable as error:
            return None, str(error)


def _layers(entry: Mapping[str, Any], datasets: Mapping[str, Dataset]) -> list[str]:
    name = str(entry.get("dataset"))
    if name not in datasets:
        return []
    layers = [entry["layer"]] if "layer" in entry else entry.get("layers") or datasets[name].layers
    return [f"{name}/{layer}" for layer in layers] if isinstance(layers, list | tuple) else []


def text(value: JsonValue) -> str:
    """Return a value as it stands in a form's field."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, list):
        return "\n".join(text(each) for each in value)
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
