"""Whether the service lives and whether it can do its work."""

from collections.abc import Callable

from flask import Response
from pydantic import BaseModel, Field

from lmsvc import __version__
from lmsvc.heartbeats import read_heartbeats
from lmsvc.store.errors import StoreError
from lmsvc.web.answers import json_answer
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.services import Services, services


class Alive(BaseModel):
    """The web service answers."""

    status: str = "alive"
    version: str = __version__


class Check(BaseModel):
    """One part the service needs."""

    ready: bool
    detail: str


class Ready(BaseModel):
    """Whether jobs are taken and run."""

    ready: bool
    checks: dict[str, Check] = Field(description="database, catalog, controller")


def healthz() -> Response:
    """Tell that the web service answers."""
    return json_answer(Alive())


def readyz() -> Response:
    """Tell whether everything a job needs is there; 503 and which part is missing where not."""
    checks = {name: check(services()) for name, check in _CHECKS.items()}
    ready = all(check.ready for check in checks.values())
    return json_answer(Ready(ready=ready, checks=checks), 200 if ready else 503, {} if ready else {"Retry-After": "1"})


def _database(found: Services) -> Check:
    try:
        found.store.ping()
    except StoreError as error:
        return Check(ready=False, detail=str(error))
    return Check(ready=True, detail="answers")


def _catalog(found: Services) -> Check:
    settings = found.settings
    where = f"{settings.catalog_host}:{settings.catalog_port}"
    reachable = found.board.snapshot().reachable
    return Check(ready=reachable, detail=f"{where} {'answers' if reachable else 'does not answer'}")


def _controller(found: Services) -> Check:
    beats = read_heartbeats(found.paths.controllers)
    fresh = [beat.host for beat in beats if beat.fresh()]
    said = [f"runs on {', '.join(fresh)}"] if fresh else []
    said += [f"was last heard from {beat.age():.0f} s ago on {beat.host}" for beat in beats if not beat.fresh()]
    return Check(ready=bool(fresh), detail="; ".join(said) or "has not started")


_CHECKS: dict[str, Callable[[Services], Check]] = {
    "database": _database,
    "catalog": _catalog,
    "controller": _controller,
}

OPERATIONS = (
    Operation("GET", "/healthz", healthz, "service", {200: Answer("It answers.", Alive)}, public=True),
    Operation(
        "GET", "/readyz", readyz, "service", {200: Answer("Ready.", Ready), 503: Answer("Something is missing.", Ready)}
    ),
)
