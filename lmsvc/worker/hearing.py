"""What the catalog says that is believed: the pool's allocation, and the managers it speaks of.

Only records from a controller's address count. The last allocation is remembered, also by the next agent, for as long
as no controller is heard.
"""

import time
from collections.abc import Callable, Collection
from typing import Any

from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.files import write_json
from lmsvc.worker import share
from lmsvc.worker.files import PoolFiles, read_json
from lmsvc.worker.options import Options, passwords
from lmsvc.worker.report import say
from lmsvc.worker.staffing import kept_here

Record = dict[str, Any]

FRESH_SECONDS = 30.0
"""An allocation not heard from for this long says nothing any more: the last one stays."""
EXPECT_FOR_SECONDS = 5.0
"""A manager just listed may take this long to register."""
QUERY_TYPES = share.MANAGER_TYPES | {share.ALLOCATION_TYPE}
CONTENT = ("managers", "refuse", "keep")
WHOLE_SECONDS = 1.0
"""Longest time between two queries for managers as well: their records are most of what a busy catalog has to send."""


class Asking:
    """When the catalog is asked for allocations alone, and when for managers too."""

    def __init__(self, query: Callable[[Collection[str]], list[Record]]) -> None:
        """Ask by a function that returns the records of some types."""
        self._query = query
        self._asked_whole = float("-inf")

    def ask(self, now: float, goes_on: Callable[[list[Record]], bool]) -> list[Record] | None:
        """Ask for allocations alone, and for managers too once a second or where one might be new.

        Args:
            now: monotonic seconds.
            goes_on: takes the allocations, and returns whether they say what the last ones said.

        Returns:
            All records, None where all goes on.
        """
        if now - self._asked_whole < WHOLE_SECONDS and goes_on(self._query({share.ALLOCATION_TYPE})):
            return None
        records = self._query(QUERY_TYPES)
        self._asked_whole = now
        return records


class Hearing:
    """Listens to the catalog for one pool on one host."""

    def __init__(self, options: Options, files: PoolFiles, catalog: CatalogClient) -> None:
        """Take the pool's last allocation from its file."""
        self._options = options
        self._files = files
        self._catalog = catalog
        self._strange: set[str] = set()
        self._managers: dict[tuple[str, int], share.Manager] = {}
        self._expected_since = 0.0
        self._asking = Asking(catalog.query)
        self.passwords = frozenset(passwords(options))
        self.allocation: Record = read_json(files.allocation)
        self.serial = int(self.allocation.get("serial", 0))
        self.reached = True

    @property
    def keep(self) -> int:
        """How many slots this host is to keep alive."""
        return kept_here(self.allocation, self._options.host, self._options.slots)

    def ask(self) -> None:
        """Ask the catalog; where it does not answer, or not in words that can be read, everything stays as it is."""
        try:
            self._listen(time.monotonic())
            if not self.reached:
                say("the catalog answers again")
            self.reached = True
        except CatalogUnreachable as error:
            if self.reached:
                say(f"{error}; slots stay with their managers")
            self.reached = False
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            say(f"unreadable record in the catalog: {error!r}")

    def wanted(self) -> list[share.Wanted]:
        """Return the managers that this host's slots can join, and how many slots each gets."""
        shares = self._listed()
        known = [(self._managers[key], slots) for key, slots in shares.items() if key in self._managers]
        return [share.Wanted(manager, slots) for manager, slots in known if self._may_join(manager)]

    def expects(self, now: float) -> bool:
        """Return whether a manager just listed has yet to register."""
        return now - self._expected_since < EXPECT_FOR_SECONDS and bool(self._listed().keys() - self._managers.keys())

    def _listed(self) -> dict[tuple[str, int], int]:
        return share.listed(self.allocation, self._options.host)

    def _listen(self, now: float) -> None:
        records = self._asking.ask(now, self._goes_on)
        if records is not None:
            self._take(records)

    def _goes_on(self, records: list[Record]) -> bool:
        """Return whether an allocation says what the last one said, of managers that are all known."""
        fresh = self._fresh(records)
        if not fresh or any(fresh[0].get(name) != self.allocation.get(name) for name in CONTENT):
            return False
        self.serial = int(fresh[0].get("serial", 0))
        return self._listed().keys() <= self._managers.keys()

    def _fresh(self, records: list[Record]) -> list[Record]:
        """Return the pool's newest allocation; nothing where none was heard of late."""
        found = share.newest_allocation(records, self._options.pool, self._options.controllers)
        return self._catalog.fresh([found] if found else [], self._catalog.now(), FRESH_SECONDS)

    def _take(self, records: list[Record]) -> None:
        own = self._options
        fresh = self._fresh(records)
        entries = share.entries(fresh[0] if fresh else self.allocation)
        registered = share.registered_managers(records, own.controllers, entries)
        vouched = share.listed(fresh[0], own.host) if fresh else {}
        known = ((key, manager) for key, manager in self._managers.items() if key in vouched)
        kept = {key: manager for key, manager in known if share.is_meant(manager, entries[key])}
        self._managers = {**kept, **registered}
        if fresh:
            self._renew(fresh[0])

    def _renew(self, heard: Record) -> None:
        """Remember an allocation; one that does not say how many slots to keep leaves that number as it is."""
        said = {"keep": self.allocation["keep"], **heard} if "keep" in self.allocation else heard
        kept_here(said, self._options.host, 0)
        serial = int(said.get("serial", 0))
        if any(said.get(name) != self.allocation.get(name) for name in CONTENT):
            self._expected_since = time.monotonic()
            self.allocation = said
            write_json(self._files.allocation, said)
        self.serial = serial

    def _may_join(self, manager: share.Manager) -> bool:
        """Return whether this pool knows the manager's password; where not, say so once."""
        password = manager.get("password")
        if password is None or password in self.passwords:
            return True
        if password not in self._strange:
            self._strange.add(password)
            say(f"not joined: {manager['project']}, started with another password ({password}) than this pool knows")
        return False
