"""Both databases, for every test of the store."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lmsvc.store import Store, open_store
from tests.store.postgres import NoPostgres, Server, programs, running_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Give a running PostgreSQL server, or skip where it is not installed."""
    try:
        programs()
    except NoPostgres as absent:
        pytest.skip(str(absent))
    with running_server() as server:
        yield server


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path}/store.sqlite3"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server: Server = request.getfixturevalue("postgres")
    return server.new_schema()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give a store with its tables."""
    with closing(open_store(database_url)) as store:
        store.migrate()
        yield store
