"""What travels to workers: a file that many tasks read is sent once per worker, a site's own layer never."""

import csv
import hashlib
import os
from pathlib import Path

import pytest
import yaml

from tests.service.conftest import ServiceFactory
from tests.service.documents import Document
from tests.service.packages import Package
from tests.service.running import RunningService
from tests.service.shell_tools import TEXT, shell_tool

pytestmark = [pytest.mark.cctools, pytest.mark.slow]

TASKS = 64
SLOTS = 2
LAYER_BYTES = 3_000_000
PER_TASK_BYTES = 5_000
INPUTS = {"layer": {"type": "File", "inputBinding": {"position": 2}}, **TEXT}


def start(make: ServiceFactory, directory: Path) -> RunningService:
    """Start a service with a tool that reads a layer, one item per task, and a site dataset of one layer."""
    tools = shell_tool(directory / "tools", "measure", 'wc -c < "$2" > text.txt', INPUTS)
    layer = directory / "layer.tif"
    layer.write_bytes(os.urandom(LAYER_BYTES))
    checksum = hashlib.sha256(layer.read_bytes()).hexdigest()
    file = {"layer": "bio1", "path": str(layer), "sha256": checksum, "size": LAYER_BYTES}
    text = {"version": "1", "title": "Climate", "licence": "CC0", "citation": "None."}
    datasets = directory / "datasets"
    datasets.mkdir()
    (datasets / "climate.yaml").write_text(yaml.safe_dump({"name": "climate", **text, "files": [file]}))
    pools = {"default": {"slots": SLOTS}}
    return make(tool_dirs=[str(tools)], dataset_dirs=[str(datasets)], pools=pools, batch_seconds=0.001)


def measure_each(layer: dict[str, str]) -> Document:
    """Return a job of many tasks that read the same layer."""
    texts = [f"item {index}" for index in range(TASKS)]
    step = {"run": "measure", "scatter": "text", "in": {"text": "inputs/texts", "layer": "inputs/layer"}}
    return {
        "name": "measure each",
        "inputs": {"texts": {"value": texts}, "layer": layer},
        "steps": {"measure": step},
        "outputs": ["measure/text"],
    }


def bytes_sent(service: RunningService, job_id: str) -> int:
    """Return the bytes that the job's managers sent to workers, by their own logs."""
    logs = list((service.data_dir / "jobs" / job_id / "stages").glob("*/attempt-*/s*/wq.log"))
    assert logs
    return sum(_last_bytes_sent(log) for log in logs)


def _last_bytes_sent(log: Path) -> int:
    header, *lines = csv.reader(log.read_text(encoding="ascii").splitlines(), delimiter=" ")
    return int(lines[-1][header.index("bytes_sent") - 1])


def sent_for(service: RunningService, layer: dict[str, str], directory: Path) -> int:
    """Run the job and return the bytes sent for it."""
    job = service.run(measure_each(layer), 300)
    assert job["state"] == "succeeded", (job, service.logs())
    bundles = service.data_dir / "jobs" / job["id"] / "bundles"
    assert len(list(bundles.iterdir())) == TASKS
    sizes = Package(service, job["id"], directory).contents("measure/text")
    assert {size.strip() for size in sizes.values()} == {str(LAYER_BYTES).encode()}
    assert len(sizes) == TASKS
    return bytes_sent(service, job["id"])


def test_a_layer_used_by_many_tasks_is_not_sent_to_each(own_service: ServiceFactory, tmp_path: Path) -> None:
    """64 tasks read the same 3 MB: a site's layer is not sent at all, an uploaded one once per worker."""
    service = start(own_service, tmp_path)
    beside = TASKS * PER_TASK_BYTES + SLOTS * 200_000
    dataset = sent_for(service, {"dataset": "climate", "layer": "bio1"}, tmp_path)
    upload = sent_for(service, {"upload": service.upload(tmp_path / "layer.tif")}, tmp_path)
    print(f"{TASKS} tasks of a layer of {LAYER_BYTES} bytes: sent {dataset} as dataset, {upload} as upload")
    assert dataset < beside
    assert upload < 2 * SLOTS * LAYER_BYTES + beside
