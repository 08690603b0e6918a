"""From the inputs of a job document to the files and values its tasks get."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lmsvc.jobs.datasets import Dataset
from lmsvc.jobs.document import DatasetLayer, DatasetLayers, JobDocument, JobInput, Upload, Value
from lmsvc.jobs.types import TypeExpression
from lmsvc.planning.results import ResolvedInput, SourceDict
from lmsvc.store.records import Upload as StoredUpload

_FILE = TypeExpression(base="File")
_FILES = TypeExpression(base="File", array=True)


class InputGone(RuntimeError):
    """An upload or dataset that the document names is not there any more."""


@dataclass(frozen=True)
class InputSources:
    """Where inputs come from.

    Attributes:
        upload: gives an upload by its id, None where it is gone.
        datasets: the site's datasets; their files are at the same absolute path on every worker host.
    """

    upload: Callable[[str], StoredUpload | None]
    upload_path: Callable[[str], Path]
    datasets: Mapping[str, Dataset]


@dataclass(frozen=True)
class JobInputs:
    """The inputs of a job, and the uploads that travel with its tasks by their name there."""

    resolved: Mapping[str, ResolvedInput]
    files: Mapping[str, Path]


def resolve_inputs(document: JobDocument, sources: InputSources) -> JobInputs:
    """Resolve every input of a document.

    Raises:
        InputGone: an upload or a layer is not there any more.
    """
    resolver = _Resolver(sources)
    resolved = {name: resolver.resolve(job_input) for name, job_input in document.inputs.items()}
    return JobInputs(resolved, resolver.files)


class _Resolver:
    def __init__(self, sources: InputSources) -> None:
        self._sources = sources
        self.files: dict[str, Path] = {}

    def resolve(self, job_input: JobInput) -> ResolvedInput:
        """Return one input as a source."""
        match job_input:
            case Value():
                return _value(job_input)
            case Upload():
                return ResolvedInput(_FILE, self._upload(job_input))
            case DatasetLayer():
                return ResolvedInput(_FILE, self._layer(job_input.dataset, job_input.layer))
            case DatasetLayers():
                layers = job_input.layers or [file.layer for file in self._dataset(job_input.dataset).files]
                return _files([self._layer(job_input.dataset, layer) for layer in layers])
            case _:
                return _files([self._upload(upload) for upload in job_input])

    def _upload(self, upload: Upload) -> SourceDict:
        stored = self._sources.upload(upload.upload)
        if stored is None:
            raise InputGone(f"upload {upload.upload} is gone: upload the file again and submit the job anew")
        name = f"upload-{stored.id}"
        self.files[name] = self._sources.upload_path(stored.sha256)
        return {"file": name, "basename": stored.name, "label": upload.label or Path(stored.name).stem}

    def _dataset(self, name: str) -> Dataset:
        if name not in self._sources.datasets:
            raise InputGone(f"dataset {name} is not registered any more: ask the site's administrator")
        return self._sources.datasets[name]

    def _layer(self, dataset: str, layer: str) -> SourceDict:
        for file in self._dataset(dataset).files:
            if file.layer == layer:
                return {"file": file.path, "basename": Path(file.path).name, "label": layer}
        raise InputGone(f"dataset {dataset} has no layer {layer} any more: ask the site's administrator")


def _files(sources: Sequence[SourceDict]) -> ResolvedInput:
    return ResolvedInput(_FILES, {"merge": list(sources)}, tuple(sources))


def _value(job_input: Value) -> ResolvedInput:
    value = job_input.value
    elements = tuple({"value": element} for element in value) if isinstance(value, list) else None
    return ResolvedInput(_type_of(value), {"value": value}, elements)


def _type_of(value: object) -> TypeExpression:
    if isinstance(value, list):
        return _type_of(value[0]).collected if value else TypeExpression(base="string", array=True)
    match value:
        case bool():
            return TypeExpression(base="boolean")
        case int():
            return TypeExpression(base="int")
        case float():
            return TypeExpression(base="float")
        case _:
            return TypeExpression(base="string")
