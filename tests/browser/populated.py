"""Jobs to look at: one of each kind, with results, failures, long names and large numbers."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lmsvc.examples.geotiff import Raster, write_geotiff
from lmsvc.examples.synthetic import write_example
from lmsvc.jobs.states import ItemState, JobState
from lmsvc.store.records import ItemRecord, NewJob, StepProgress, TaskRecord
from tests.web.site import A_JOB, Site

SQUARE = ((0, 0), (10, 0), (10, 10), (0, 10), (0, 0))
TABLE = "species;cells;range\n" + "".join(f"Fictia {n};{n};{n / 2}\n" for n in range(60))
SPECIES = ("Fictia alba", "Fictia rubra", "Fictia nigra")
STEPS: Mapping[str, Any] = {
    "split": {"run": "split_occurrence_data", "in": {"occurrences": "inputs/occurrences"}},
    "clean": {"run": "wrangle_occurrences", "scatter": "occurrences", "in": {"occurrences": "split/species"}},
    "model": {"run": "create_sdm", "scatter": "points", "in": {"points": "clean/occurrences"}},
    "grid": {"run": "build_grid", "in": {"shape": "inputs/layers"}},
    "pam": {"run": "encode_layers", "in": {"grid": "grid/grid", "layers": "model/model"}},
    "statistics_of_the_observed_matrix": {"run": "calculate_pam_stats", "in": {"pam": "pam/matrix"}},
    "map": {"run": "create_stat_heatmap", "in": {"matrix": "statistics_of_the_observed_matrix/site_stats"}},
}
RICHNESS: Mapping[str, Any] = {"name": "richness", "licence": "CC-BY-4.0", "steps": STEPS, "outputs": ["model/model"]}
LONG_NAME = "Species richness of a genus with a very long name over all islands of an archipelago, third attempt"


def features(said: str = "a name") -> bytes:
    """Return five squares in a row with two numbers each, and a text."""
    squares = [
        {
            "type": "Feature",
            "properties": {"richness": n, "alpha": n * 2.5, "name": said},
            "geometry": {"type": "Polygon", "coordinates": [[[x + 10 * n, y] for x, y in SQUARE]]},
        }
        for n in range(5)
    ]
    return json.dumps({"type": "FeatureCollection", "features": squares}).encode()


def with_results(site: Site, folder: Path, name: str = "A virtual island", user: str = "local") -> str:
    """Put an ended job with rasters, features, a table and a report into the store; return its id."""
    write_example(folder)
    rows = [[-9999, -9999, 12], [3, 21, 30], [-9999, 5, 8]]
    write_geotiff(folder / "warm.tif", Raster(10.0, 20.0, 1.0, rows, unit="°C"))
    job_id = site.running(_job(name, user))
    contents = {
        "grid/layer/temperature.tif": (folder / "temperature.tif").read_bytes(),
        "grid/layer/warm.tif": (folder / "warm.tif").read_bytes(),
        "map/geojson/sites.geojson": features(),
        "map/table/table.csv": TABLE.encode(),
        "map/report/report.json": b'{"method": "maxent", "auc": 0.9}',
    }
    files = [site.output(job_id, path, content) for path, content in contents.items()]
    files += [site.output(job_id, f"model/model/{n}.tif", b"none", species) for n, species in enumerate(SPECIES)]
    site.store.save_outputs(job_id, files)
    site.store.save_steps(job_id, [_step(step, done=3, total=3) for step in STEPS])
    site.store.record_tasks(job_id, _tasks(job_id, site))
    site.package(job_id, b"PK")
    assert site.store.transition(job_id, JobState.SUCCEEDED, time.time() + 95, expected=JobState.RUNNING, owner="tests")
    return job_id


def failed(site: Site, user: str = "local") -> str:
    """Put a job into the store of which some items failed, were skipped and not run; return its id."""
    job_id = site.ended(JobState.FAILED, _job(LONG_NAME, user), {"detail": "2 of 12 items failed"})
    counts = {"model": {"done": 9, "failed": 2, "skipped": 1, "total": 12}, "pam": {"failed": 1, "total": 1}}
    site.store.save_steps(job_id, [_step(step, **counts.get(step, {"done": 1, "total": 1})) for step in STEPS])
    command = ("python3", "-m", "lmsvc.tools.create_sdm", "inputs.json")
    told = "Traceback (most recent call last):\n  File \"create_sdm.py\", line 60\nValueError: 'x' is no number"
    kept = [
        ItemRecord("model", 4, ItemState.FAILED, SPECIES[0], "'x' is no number", 1, None, "node1", "m", command, told),
        ItemRecord("model", 5, ItemState.FAILED, SPECIES[1], "more than 1000 MB", None, 9, "node2", "m", command, ""),
        ItemRecord("model", 6, ItemState.SKIPPED, SPECIES[2], "no record is left"),
        ItemRecord("pam", 0, ItemState.NOT_RUN, None, "not run, because model Fictia alba failed"),
    ]
    site.store.record_items(job_id, kept)
    return job_id


def busy(site: Site, user: str = "local") -> str:
    """Put a running job with a hundred thousand items into the store; return its id."""
    job_id = site.running(_job("Ten thousand species", user))
    counts = {
        "split": {"done": 1, "total": 1},
        "clean": {"done": 98_765, "running": 12, "waiting": 222, "total": 98_999},
    }
    counts |= {"model": {"done": 45_678, "running": 88, "failed": 23_456}}
    site.store.save_steps(job_id, [_step(step, **counts.get(step, {})) for step in STEPS])
    site.store.record_tasks(job_id, _tasks(job_id, site))
    site.store.set_waiting(job_id, "0 of 4 slots of pool sdm free")
    return job_id


@dataclass(frozen=True)
class Populated:
    """The ids of one job of each kind."""

    done: str
    failed: str
    busy: str
    queued: str

    @classmethod
    def of(cls, site: Site, folder: Path, user: str = "local") -> "Populated":
        """Put them all into a store."""
        done, lost, runs = with_results(site, folder, user=user), failed(site, user), busy(site, user)
        return cls(done, lost, runs, site.queued(_job("A second try", user)))

    @property
    def pages(self) -> Mapping[str, str]:
        """Return the addresses of their pages by what they show."""
        done, lost = f"/jobs/{self.done}", f"/jobs/{self.failed}"
        return {
            **{
                "job-done": done,
                "job-failed": lost,
                "job-running": f"/jobs/{self.busy}",
                "job-queued": f"/jobs/{self.queued}",
            },
            **{"step": f"{done}/step?step=model", "step-running": f"/jobs/{self.busy}/step?step=clean"},
            **{"items": f"{lost}/items", "files": f"{done}/files", "file-table": f"{done}/files/map/table/table.csv"},
            **{"file-map": f"{done}/files/grid/layer/warm.tif", "file-text": f"{done}/files/map/report/report.json"},
        }


def _job(name: str, user: str) -> NewJob:
    return replace(A_JOB, user=user, name=name, document={**RICHNESS, "name": name}, tags=("paper", "islands"))


def _step(step: str, **counts: int) -> StepProgress:
    categories = {"split": "occurrences", "clean": "occurrences", "model": "sdm"}
    return StepProgress(step, STEPS[step]["run"], categories.get(step, "matrix"), "default", "a", **counts)


def _tasks(job_id: str, site: Site) -> list[TaskRecord]:
    """Return tasks of all steps one after the other, the log of the first of which is there."""
    site.bundle(job_id, "model.1.0000", {0: ("12 of 12 points used\n", ""), 1: ("", "a warning\n")})
    head = site.store.head(job_id)
    assert head is not None
    assert head.started is not None
    began = head.started
    return [
        TaskRecord(f"{step}.1.{part:04}", step, "a", 1, 2, "done", f"node{part}", "1", began + 4 * n, 3.0 + part, 120.0)
        for n, step in enumerate(STEPS)
        for part in range(3)
    ]
