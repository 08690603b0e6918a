"""What tasks that run now have printed so far, asked of the agents on their hosts."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lmsvc.web.running import RunningTask
from lmsvc.web.services import services
from lmsvc.worker.live_log import Live, ask

ASKED_AT_ONCE = 8
"""Of so many tasks at most; what others print is shown when they have ended."""
PATIENCE_SECONDS = 1.0


@dataclass(frozen=True)
class LivePart:
    """What one running item has printed."""

    task: RunningTask
    label: str | None
    live: Live

    def heading(self, stream: str) -> str:
        """Return the line that stands above it in a log of several parts."""
        return heading(self.task.step, self.live.item, self.label, f"running on {self.task.host}", stream)

    def pieces(self, stream: str) -> Iterator[bytes]:
        """Yield how much there is of a stream before its end, and the end."""
        tail = self.live.streams[stream]
        before = tail.size - len(tail.text.encode())
        if before > 0:
            yield f"... {before} bytes before this are shown when it has ended ...\n".encode()
        yield tail.text.encode(errors="replace")


def heading(step: str, item: int, label: str | None, state: str, stream: str) -> str:
    """Return the line that stands above a part of a log of several parts."""
    named = f" ({label})" if label else ""
    return f"==> {step} item {item}{named}, {state}, {stream} <=="


def live_parts(job_id: str, running: Sequence[RunningTask], item: int | None) -> list[LivePart]:
    """Return what running tasks of a job have printed, of all items or one."""
    tasks = [task for task in running if task.watch][:ASKED_AT_ONCE]
    if not tasks:
        return []
    stages = services().paths.job(job_id).stages
    with ThreadPoolExecutor(ASKED_AT_ONCE) as asking:
        found = list(asking.map(partial(_asked, stages), tasks))
    return [part for part in found if part and item in (None, part.live.item)]


def _asked(stages: Path, task: RunningTask) -> LivePart | None:
    specification = _specification(stages, task)
    key = specification.get("watch_key")
    live = ask(task.watch, task.project, task.task, key, PATIENCE_SECONDS) if key and task.watch else None
    if live is None:
        return None
    labels = {row["index"]: row["label"] for row in specification["items"]}
    return LivePart(task, labels.get(live.item), live)


def _specification(stages: Path, task: RunningTask) -> dict[str, Any]:
    """Return a task's specification; its manager's project ends with stage, shard and attempt."""
    _, _, place = task.project.partition(f"-{task.job}-")
    try:
        stage, shard, attempt = place.rsplit("-", 2)
        text = (stages / stage / f"attempt-{attempt}" / f"s{shard}" / f"{task.task}.json").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return {}
    found = json.loads(text)
    return found if isinstance(found, dict) else {}
