"""Checks of a job's inputs: what they name must exist."""

from lmsvc.jobs.context import ValidationContext
from lmsvc.jobs.document import DatasetLayer, DatasetLayers, JobInput, Upload
from lmsvc.jobs.faults import join, quoted
from lmsvc.jobs.findings import Findings


def check_input(at: str, given: JobInput, context: ValidationContext, findings: Findings) -> None:
    """Check that the uploads, dataset and layers of an input exist."""
    match given:
        case Upload():
            _check_upload(at, given, context, findings)
        case list():
            for index, upload in enumerate(given):
                _check_upload(join(at, index), upload, context, findings)
        case DatasetLayer():
            _check_layers(at, given.dataset, {join(at, "layer"): given.layer}, context, findings)
        case DatasetLayers():
            names = given.layers or []
            findings.add_repeated(join(at, "layers"), names)
            layers = {join(at, "layers", index): name for index, name in enumerate(names)}
            _check_layers(at, given.dataset, layers, context, findings)


def _check_upload(at: str, given: Upload, context: ValidationContext, findings: Findings) -> None:
    if not context.uploads(given.upload):
        findings.add(join(at, "upload"), f"there is no upload {quoted(given.upload)}; upload the file first")
    if given.label is not None and len(given.label) > context.limits.label_length:
        findings.add(join(at, "label"), f"longer than {context.limits.label_length} characters")


def _check_layers(at: str, name: str, layers: dict[str, str], context: ValidationContext, findings: Findings) -> None:
    dataset = context.datasets.get(name)
    if dataset is None:
        findings.add_unknown(join(at, "dataset"), "dataset", name, context.datasets)
        return
    for place, layer in layers.items():
        if layer not in dataset.layers:
            findings.add_unknown(place, f"layer of {name}", layer, dataset.layers)
