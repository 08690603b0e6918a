"""The end of a job: publish its outputs, write its package, say what it came to."""

import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from lmsvc.cctools.makeflow import makeflow_version
from lmsvc.controller.crate_facts import RunFacts
from lmsvc.controller.job_run import JobRun
from lmsvc.controller.outputs import Published
from lmsvc.controller.package import PackageContent, write_package
from lmsvc.controller.sizes import disk_bytes
from lmsvc.controller.verdict import failed_step, job_error, summary
from lmsvc.jobs.datasets import Dataset
from lmsvc.jobs.document import DatasetLayer, DatasetLayers
from lmsvc.jobs.states import ItemState
from lmsvc.jobs.tools import Tool
from lmsvc.store.records import OutputFile
from lmsvc.store.store import Store

_RAN = (ItemState.SUCCEEDED, ItemState.FAILED)

Verdict = tuple[dict[str, Any] | None, dict[str, Any]]
"""The error of a failed job or None, and the summary."""


def finish(run: JobRun, store: Store, tools: Iterable[Tool], datasets: Iterable[Dataset]) -> Verdict:
    """Publish and pack what a job made, also what a failed one made.

    Args:
        run: the job; nothing of it runs any more.
        store: told which files there are.
        tools: all registered tools.
        datasets: all site datasets.

    """
    step = failed_step(run.document, run.results)
    error = job_error(step, run.results.statuses(run.paths.bundles)) if step else None
    counts = summary(run.document, run.results)
    content = PackageContent(
        job_id=run.job.id,
        document=run.job.document,
        plan={"stages": [asdict(stage) for stage in run.plan.stages]},
        summary={"state": "failed" if error else "succeeded", "items": counts},
        citations=citations(run, tools, datasets),
        versions={"cctools": makeflow_version()},
        facts=run_facts(run, tools, datasets, error),
    )
    published = write_package(run.paths.package, run.results, run.paths.bundles, content)
    shutil.rmtree(run.paths.outputs, ignore_errors=True)
    files = [_record(file) for file in published if file.path]
    store.save_outputs(run.job.id, files, disk_bytes(run.paths.root))
    return error, {"items": counts, "files": len(published)}


def run_facts(
    run: JobRun, tools: Iterable[Tool], datasets: Iterable[Dataset], error: dict[str, Any] | None
) -> RunFacts:
    """Return what the package's metadata tells of a run."""
    ended = time.time()
    return RunFacts(
        document=run.document,
        user=run.job.user,
        started=run.job.started or ended,
        ended=ended,
        error=str(error["reason"]) if error else None,
        steps=[step for step in run.document.steps if run.results.count(step, *_RAN)],
        tools={tool.id: tool for tool in _used_tools(run, tools)},
        datasets={dataset.name: dataset for dataset in _used_datasets(run, datasets)},
        uploads=run.uploads,
    )


def citations(run: JobRun, tools: Iterable[Tool], datasets: Iterable[Dataset]) -> list[str]:
    """Return what to cite: the tools and datasets that a job used."""
    lines = [line for tool in _used_tools(run, tools) for line in tool.cites]
    lines += [dataset.citation for dataset in _used_datasets(run, datasets)]
    return list(dict.fromkeys(lines))


def _used_tools(run: JobRun, tools: Iterable[Tool]) -> list[Tool]:
    used = {step.run for step in run.document.steps.values()}
    return [tool for tool in tools if tool.id in used]


def _used_datasets(run: JobRun, datasets: Iterable[Dataset]) -> list[Dataset]:
    given = run.document.inputs.values()
    used = {each.dataset for each in given if isinstance(each, DatasetLayer | DatasetLayers)}
    return [dataset for dataset in datasets if dataset.name in used]


def _record(file: Published) -> OutputFile:
    return OutputFile(
        path=file.path,
        step=file.step,
        output=file.output,
        item=file.item,
        label=file.label,
        size=file.size,
        sha256=file.sha256,
        content_sha256=file.content_sha256,
        media_type=file.media_type,
    )
