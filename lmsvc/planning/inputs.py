"""The inputs of a job as sources that can be put into task specifications."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from lmsvc.jobs.datasets import Dataset, DatasetFile
from lmsvc.jobs.document import DatasetLayer, DatasetLayers, JobDocument, JobInput, Upload, Value
from lmsvc.planning.results import ResolvedInput, SourceDict


def lengths(document: JobDocument, datasets: Mapping[str, Dataset]) -> dict[str, int]:
    """Return the number of elements of each input of the job that is an array."""
    counted = ((name, _length(given, datasets)) for name, given in document.inputs.items())
    return {name: length for name, length in counted if length is not None}


def _length(given: JobInput, datasets: Mapping[str, Dataset]) -> int | None:
    match given:
        case list():
            return len(given)
        case Value():
            return len(given.value) if isinstance(given.value, list) else None
        case DatasetLayers():
            return len(_layers(given, datasets))
    return None


def _layers(given: DatasetLayers, datasets: Mapping[str, Dataset]) -> tuple[str, ...]:
    return datasets[given.dataset].layers if given.layers is None else tuple(given.layers)


@dataclass(frozen=True)
class Resolver:
    """Turns the inputs of a job into sources."""

    datasets: Mapping[str, Dataset]
    """The site's datasets by name."""
    upload_source: Callable[[Upload], SourceDict]
    """Makes the source of an uploaded file: `{"file": ..., "basename": ..., "label": ...}`."""
    layer_source: Callable[[Dataset, DatasetFile], SourceDict]
    """Makes the source of a layer of a dataset."""

    def resolve(self, given: JobInput) -> ResolvedInput:
        """Return an input as a source, and as one source per element where it is an array."""
        match given:
            case Upload():
                return ResolvedInput(self.upload_source(given))
            case DatasetLayer():
                return ResolvedInput(self._layer(given.dataset, given.layer))
            case DatasetLayers():
                return _files(self._layer(given.dataset, name) for name in _layers(given, self.datasets))
            case Value():
                return value_input(given.value)
        return _files(self.upload_source(upload) for upload in given)

    def _layer(self, dataset: str, layer: str) -> SourceDict:
        return self.layer_source(self.datasets[dataset], self.datasets[dataset].file(layer))


def resolve(
    document: JobDocument,
    datasets: Mapping[str, Dataset],
    upload_source: Callable[[Upload], SourceDict],
    layer_source: Callable[[Dataset, DatasetFile], SourceDict],
) -> dict[str, ResolvedInput]:
    """Turn all inputs of a valid document into sources (see `Resolver`)."""
    resolver = Resolver(datasets, upload_source, layer_source)
    return {name: resolver.resolve(given) for name, given in document.inputs.items()}


def value_input(value: JsonValue) -> ResolvedInput:
    """Return a value of the document as an input."""
    elements = tuple({"value": each} for each in value) if isinstance(value, list) else None
    return ResolvedInput({"value": value}, elements)


def _files(sources: Iterable[SourceDict]) -> ResolvedInput:
    each = tuple(sources)
    return ResolvedInput({"merge": list(each)}, each)
