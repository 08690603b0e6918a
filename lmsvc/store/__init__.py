"""The database: typed records in and out, peewee inside only."""

from lmsvc.store.store import Store, open_store

__all__ = ["Store", "open_store"]
