"""Fixtures: a store, certificates that this process trusts."""

import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lmsvc.store import Store, open_store
from tests.web import certificates


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    with closing(open_store(f"sqlite:///{tmp_path}/store.sqlite3")) as store:
        store.migrate()
        yield store


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Give a server's side of TLS for 127.0.0.1, whose authority this process trusts."""
    made = certificates.make(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    return context
