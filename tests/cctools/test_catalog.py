"""The catalog's client, against the real catalog server."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmsvc.cctools import catalog
from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from tests.counted_ports import counted_ports
from tests.worker.lab import Lab, wait_for

pytestmark = pytest.mark.cctools
_ports = counted_ports(20700)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A catalog server."""
    one = Lab(tmp_path, next(_ports), "debian")
    yield one
    one.end()


def _record(**more: object) -> dict[str, Any]:
    return {"type": "lm_test", "uuid": "one", "port": 0, "lifetime": 60, **more}


def _stored(client: CatalogClient) -> list[dict[str, Any]]:
    return client.query(["lm_test"])


@pytest.mark.parametrize("size", [10, 50_000])
def test_text_of_any_kind_comes_back(lab: Lab, size: int) -> None:
    """Small and large records keep every character, which the catalog by itself would lose."""
    text = 'Ñandú «x» 😀 \x07\n"\\u00e9" ' + "y" * size
    lab.client.update(_record(text=text, nested={text[:20]: [text[:20], 1.5, None, True]}))
    (found,) = wait_for("record", lambda: _stored(lab.client))
    assert found["text"] == text
    assert found["nested"] == {text[:20]: [text[:20], 1.5, None, True]}


def test_query_returns_the_types_asked_for(lab: Lab) -> None:
    """Records of other types are left out, and those asked for carry the sender's address."""
    lab.client.update(_record())
    lab.client.update(_record(type="lm_other", uuid="two"))
    lab.client.update(_record(type="wq_master", uuid="three", working_dir="\\u0041"))
    wait_for("records", lambda: len(lab.client.query(["lm_test", "lm_other", "wq_master"])) == 3)
    assert [record["address"] for record in _stored(lab.client)] == ["127.0.0.1"]
    assert lab.client.query(["wq_master"])[0]["working_dir"] == "\\u0041"


def test_update_replaces_a_record(lab: Lab) -> None:
    """A record with the same uuid replaces the one before."""
    for number in range(3):
        lab.client.update(_record(number=number))
    assert wait_for("last", lambda: [one["number"] for one in _stored(lab.client)] == [2])


def test_fresh_goes_by_the_catalogs_clock(lab: Lab) -> None:
    """Records not heard from for a while are told apart."""
    lab.client.update(_record())
    found = wait_for("record", lambda: _stored(lab.client))
    now = lab.client.now()
    assert abs(now - time.time()) < 2
    assert CatalogClient.fresh(found, now, 5) == found
    assert CatalogClient.fresh(found, now + 10, 5) == []
    assert CatalogClient.fresh(found, now - 3600, 5) == [], "the catalog's clock was set back by an hour"


def test_query_is_fast(lab: Lab) -> None:
    """A query takes a few milliseconds."""
    started = time.perf_counter()
    for _ in range(50):
        lab.client.query(["lm_test"])
    seconds = (time.perf_counter() - started) / 50
    print(f"query: {1000 * seconds:.1f} ms")
    assert seconds < 0.1


def test_absent_catalog_is_said_to_be_so() -> None:
    """Queries and large updates of a catalog that does not listen name it."""
    port = next(_ports)
    client = CatalogClient("127.0.0.1", port, timeout=1)
    with pytest.raises(CatalogUnreachable, match=rf"catalog 127\.0\.0\.1:{port}"):
        client.query(["lm_test"])
    with pytest.raises(CatalogUnreachable):
        client.update(_record(text="y" * 2000))
    client.update(_record())


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.0 500 No\n\n", b"HTTP/1.0 200 OK\n\n{", b"HTTP/1.0 200 OK\n\n{}"])
def test_broken_answers_are_no_records(answer: bytes) -> None:
    """Whatever is not a list of records counts as no answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, answer, 2))
        thread.start()
        with pytest.raises(CatalogUnreachable, match="no usable answer"):
            CatalogClient("127.0.0.1", server.getsockname()[1], timeout=5).query(["lm_test"])
        thread.join()


def _serve(server: socket.socket, answer: bytes, times: int) -> None:
    for _ in range(times):
        connection, _ = server.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(answer)


def test_silent_catalog_is_given_up() -> None:
    """A catalog that takes the connection and says nothing is given up in time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.monotonic()
        with pytest.raises(CatalogUnreachable):
            CatalogClient("127.0.0.1", server.getsockname()[1], timeout=0.3).query(["lm_test"])
        assert time.monotonic() - started < 5


def test_other_programs_read_our_records(lab: Lab) -> None:
    """CCTools' own client can read what we send, whatever the text."""
    lab.client.update(_record(text="Ñandú 😀"))
    wait_for("record", lambda: _stored(lab.client))
    words = ["catalog_query", "--catalog", f"127.0.0.1:{lab.port}", "--where", 'type=="lm_test"']
    result = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(result.stdout)[0]["uuid"] == "one"


@given(st.text())
def test_escaping_is_undone(text: str) -> None:
    """Escaped text is printable ASCII and comes back the same."""
    escaped = catalog.escaped({"type": "lm_x", "text": text})
    assert json.dumps(escaped).isascii()
    assert str(escaped).isprintable()
    assert catalog.restored(escaped)["text"] == text
