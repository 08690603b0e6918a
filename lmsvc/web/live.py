"""What tasks that run now have printed so far, asked of the agents on their hosts."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmsvc.jobs.states import is_terminal
from lmsvc.web.running import RunningTask, running_of
from lmsvc.web.services import services
from lmsvc.web.status import head_or_404
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
        label = f" ({self.label})" if self.label else ""
        return f"==> {self.task.step} item {self.live.item}{label}, running on {self.task.host}, {stream} <=="

    def text(self, stream: str) -> str:
        """Return the end of a stream, and how much there is before it."""
        tail = self.live.streams.get(stream)
        if tail is None:
            return ""
        before = tail.size - len(tail.text.encode())
        return (
            f"... {before} bytes before this are shown when it has ended ...\n{tail.text}" if before > 0 else tail.text
        )


def live_parts(job_id: str, step: str | None, item: int | None) -> list[LivePart]:
    """Return what running tasks of a job have printed: of all steps or one, of all items or one."""
    if is_terminal(head_or_404(job_id).state):
        return []
    tasks = [task for task in running_of(job_id, step) if task.watch][:ASKED_AT_ONCE]
    if not tasks:
        return []
    stages = services().paths.job(job_id).stages
    with ThreadPoolExecutor(ASKED_AT_ONCE) as asking:
        found = [part for parts in asking.map(lambda task: list(_asked(stages, task)), tasks) for part in parts]
    return [part for part in found if item in (None, part.live.item)]


def _asked(stages: Path, task: RunningTask) -> Iterator[LivePart]:
    specification = _specification(stages, task)
    key = specification.get("watch_key")
    live = ask(task.watch, task.project, task.task, key, PATIENCE_SECONDS) if key and task.watch else None
    if live is not None:
        labels = {row["index"]: row["label"] for row in specification["items"]}
        yield LivePart(task, labels.get(live.item), live)


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
