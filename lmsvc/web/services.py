"""What the views work with, made once per process and kept by the application."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flask import Flask, current_app

from lmsvc.cctools.catalog import CatalogClient
from lmsvc.doorbell import ring
from lmsvc.heartbeats import read_heartbeats
from lmsvc.paths import DataPaths
from lmsvc.pools import PoolsPage
from lmsvc.registries import Registries
from lmsvc.settings import Settings
from lmsvc.store import Store
from lmsvc.web.board import Board
from lmsvc.web.remembered import Remembered

CATALOG_TIMEOUT_SECONDS = 1.0
MAX_WAITERS = 8
TIMINGS_SECONDS = 10.0

_KEY = "lmsvc"


@dataclass(frozen=True)
class Services:
    """Everything a view may use."""

    settings: Settings
    paths: DataPaths
    store: Store
    registries: Registries
    page: PoolsPage
    board: Board
    seconds_per_item: Remembered[Mapping[str, float]]
    waiters: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MAX_WAITERS))

    @classmethod
    def of(cls, settings: Settings, store: Store) -> "Services":
        """Make the services of one process."""
        catalog = CatalogClient(settings.catalog_host, settings.catalog_port, CATALOG_TIMEOUT_SECONDS)
        return cls(
            settings,
            DataPaths(settings.data_dir),
            store,
            Registries.of(settings),
            PoolsPage(settings),
            Board(catalog, lambda: _addresses(settings)),
            Remembered(store.seconds_per_item, TIMINGS_SECONDS),
        )

    def wake_controller(self) -> None:
        """Tell the controller that there is something to do."""
        ring(self.paths.controller_doorbell)

    @contextlib.contextmanager
    def waiting_place(self) -> Iterator[bool]:
        """Hold one of the few threads that may wait for a change; False where all of them do already."""
        granted = self.waiters.acquire(blocking=False)
        try:
            yield granted
        finally:
            if granted:
                self.waiters.release()


def _addresses(settings: Settings) -> frozenset[str]:
    """Return the addresses of controllers: as configured, and as those that are alive tell of themselves."""
    beats = read_heartbeats(DataPaths(settings.data_dir).controllers)
    return frozenset(settings.controllers) | {beat.address for beat in beats if beat.fresh() and beat.address}


def install(app: Flask, services: Services) -> None:
    """Let the views of this application find their services."""
    app.extensions[_KEY] = services


def services() -> Services:
    """Return the services of the application that serves this request."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, Services)
    return found
