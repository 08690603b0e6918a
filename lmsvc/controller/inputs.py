"""From the inputs of a job document to the files that travel with its tasks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lmsvc.jobs.datasets import Dataset, DatasetFile
from lmsvc.jobs.document import DatasetLayer, DatasetLayers, JobDocument, Upload
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.planning.inputs import lengths, resolve
from lmsvc.planning.results import ResolvedInput, SourceDict
from lmsvc.store.records import Upload as StoredUpload


class InputGone(RuntimeError):
    """An upload, dataset or tool that the document names is not there any more."""


@dataclass(frozen=True)
class InputSources:
    """Where inputs come from.

    Attributes:
        upload: gives an upload by its id, None where it is gone.
        upload_path: gives the place of an upload by its sha256.
        datasets: the site's datasets; their files are at the same absolute path on every worker host.
    """

    upload: Callable[[str], StoredUpload | None]
    upload_path: Callable[[str], Path]
    datasets: Mapping[str, Dataset]


@dataclass(frozen=True)
class JobInputs:
    """The inputs of a job.

    Attributes:
        resolved: as sources, by name.
        lengths: of those that are arrays.
        files: uploads by the name under which they travel with tasks.
        uploads: what is known of the uploads, by id.
    """

    resolved: Mapping[str, ResolvedInput]
    lengths: Mapping[str, int]
    files: Mapping[str, Path]
    uploads: Mapping[str, StoredUpload]


def resolve_inputs(document: JobDocument, sources: InputSources) -> JobInputs:
    """Resolve every input of a document.

    Raises:
        InputGone: an upload or a layer is not there any more.
    """
    files: dict[str, Path] = {}
    uploads: dict[str, StoredUpload] = {}

    def upload_source(upload: Upload) -> SourceDict:
        stored = sources.upload(upload.upload)
        if stored is None or not sources.upload_path(stored.sha256).is_file():
            raise InputGone(f"upload {upload.upload} is gone: upload the file again and submit the job anew")
        name = f"upload-{stored.id}"
        uploads[upload.upload] = stored
        files[name] = sources.upload_path(stored.sha256)
        return {"file": name, "basename": stored.name, "label": upload.label or Path(stored.name).stem}

    _check_datasets(document, sources.datasets)
    resolved = resolve(document, sources.datasets, upload_source, _layer_source)
    return JobInputs(resolved, lengths(document, sources.datasets), files, uploads)


def _layer_source(dataset: Dataset, file: DatasetFile) -> SourceDict:
    del dataset
    return {"file": file.path, "basename": Path(file.path).name, "label": file.layer}


def _check_datasets(document: JobDocument, datasets: Mapping[str, Dataset]) -> None:
    for given in document.inputs.values():
        if not isinstance(given, DatasetLayer | DatasetLayers):
            continue
        wanted = [given.layer] if isinstance(given, DatasetLayer) else given.layers or []
        known = datasets[given.dataset].layers if given.dataset in datasets else ()
        missing = set(wanted).difference(known)
        if given.dataset not in datasets or missing:
            what = f"layers {sorted(missing)} of dataset" if missing and known else "dataset"
            raise InputGone(f"{what} {given.dataset} is not registered any more: ask the site's administrator")


def check_tools(document: JobDocument, tools: ToolRegistry) -> None:
    """Check that every tool of a document is still registered.

    Raises:
        InputGone: one is not.
    """
    missing = sorted({step.run for step in document.steps.values()}.difference(tools))
    if missing:
        raise InputGone(f"tool {', '.join(missing)} is not registered any more: ask the site's administrator")
