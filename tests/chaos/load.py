"""The mixed load of a fault run: small and wide jobs, failing ones, cancelled ones, repeated requests."""

import random
import uuid
from collections.abc import Iterator

import httpx

from tests.chaos.history import History, Planned
from tests.service.documents import echo, echo_all, sleep, sleep_each
from tests.service.running import RunningService


def plan_jobs(dice: random.Random, count: int) -> Iterator[Planned]:
    """Yield the jobs of a run; the same dice give the same jobs."""
    kinds = [_echo, _wide, _failing, _partly_failing, _cancelled]
    for number in range(count):
        kind = dice.choices(kinds, weights=[4, 4, 1, 1, 1])[0]
        yield kind(dice, str(uuid.UUID(int=dice.getrandbits(128))), number)


def _echo(dice: random.Random, key: str, number: int) -> Planned:
    text = f"text {number} {dice.random()}"
    return Planned(key, echo(text, name=f"echo {number}"), "succeeded", {"": text})


def _wide(dice: random.Random, key: str, number: int) -> Planned:
    texts = [f"item {number} {index}" for index in range(dice.randint(5, 40))]
    return Planned(key, echo_all(texts, name=f"wide {number}"), "succeeded", {text: text for text in texts})


def _failing(dice: random.Random, key: str, number: int) -> Planned:
    inputs = {"seconds": dice.random() / 2, "exit_code": dice.randint(1, 100)}
    return Planned(key, sleep(inputs, name=f"failing {number}", retries=0), "failed", {})


def _partly_failing(dice: random.Random, key: str, number: int) -> Planned:
    codes = [0, 1, 0, 0, 7, 0]
    more = {"seconds": dice.random() / 3, "text": "done"}
    document = sleep_each("exit_code", codes, more=more, name=f"partly failing {number}", retries=0)
    return Planned(key, document, "succeeded", {"0": "done"})


def _cancelled(dice: random.Random, key: str, number: int) -> Planned:
    document = sleep_each("seconds", [dice.random() for _ in range(6)], name=f"cancelled {number}")
    return Planned(key, document, "cancelled or succeeded", {}, cancelled=True)


class Load:
    """Submits the planned jobs, now and then twice, and watches them."""

    def __init__(self, service: RunningService, history: History, dice: random.Random) -> None:
        """Load a service."""
        self._service = service
        self._history = history
        self._dice = dice
        self._http = httpx.Client(base_url=service.url, timeout=20.0, trust_env=False)
        self._to_cancel: list[str] = []

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def submit(self, planned: Planned) -> None:
        """Submit a job until it is acknowledged; send some of them once more."""
        self._history.planned[planned.key] = planned
        while not self._post(planned):
            self.watch()
        if self._dice.random() < 0.3:
            self._post(planned)
        if planned.cancelled:
            self._to_cancel += self._history.acknowledged[planned.key][:1]

    def _post(self, planned: Planned) -> bool:
        headers = {"Idempotency-Key": planned.key}
        try:
            answer = self._http.post("/api/v1/jobs", json=planned.document, headers=headers)
        except httpx.TransportError:
            return False
        if answer.status_code == 202:
            self._history.acknowledge(planned.key, answer.json()["id"])
            return True
        assert answer.status_code in (409, 502, 503), f"submission answered {answer.status_code}: {answer.text}"
        return False

    def watch(self) -> bool:
        """Look at every job once and cancel those to be cancelled; return whether all have ended."""
        over = True
        for job_ids in self._history.acknowledged.values():
            over = self._look(job_ids[0]) and over
        for job_id in list(self._to_cancel):
            if self._cancel(job_id):
                self._to_cancel.remove(job_id)
        return over and not self._to_cancel

    def _look(self, job_id: str) -> bool:
        try:
            answer = self._http.get(f"/api/v1/jobs/{job_id}")
        except httpx.TransportError:
            return False
        if answer.status_code != 200:
            assert answer.status_code == 503, f"job {job_id} answered {answer.status_code}: {answer.text}"
            return False
        self._history.observe(answer.json())
        return answer.json()["state"] not in ("queued", "running")

    def _cancel(self, job_id: str) -> bool:
        try:
            answer = self._http.post(f"/api/v1/jobs/{job_id}/cancel")
        except httpx.TransportError:
            return False
        return answer.status_code in (200, 202, 409)
