"""The client against servers that misbehave, over real sockets."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lmsvc.client import ApiError, Client, ClientError, ServiceUnreachable


@contextmanager
def answering(status: int, headers: dict[str, str], body: bytes) -> Iterator[str]:
    """Run a server that gives every request the same answer; give its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_download_that_is_cut_short_leaves_nothing(tmp_path: Path) -> None:
    """Fewer bytes than announced are an error; no file stays behind."""
    with answering(200, {"Content-Length": "1000"}, b"x" * 10) as url, Client(url) as client:
        with pytest.raises(ClientError):
            client.download_package("abcdefgh23", tmp_path / "p.zip")
        assert list(tmp_path.iterdir()) == []


def test_an_error_that_is_no_problem_document_is_readable() -> None:
    """A proxy's plain text answer becomes an error with its status and text."""
    with answering(502, {"Content-Length": "11"}, b"Bad Gateway") as url, Client(url) as client:
        with pytest.raises(ApiError, match="Bad Gateway") as caught:
            client.job("abcdefgh23")
        assert caught.value.status == 502


def test_a_redirect_says_where_the_service_is() -> None:
    """An address that moved (http to https) is named, not followed blindly."""
    headers = {"Location": "https://jobs.example.org/", "Content-Length": "0"}
    with answering(308, headers, b"") as url, Client(url) as client, pytest.raises(ServiceUnreachable, match="example"):
        client.tools()


def test_an_impossible_address_is_unreachable() -> None:
    """Nonsense as address is reported like a service that does not answer."""
    with Client("http://127.0.0.1:0") as client, pytest.raises(ServiceUnreachable):
        client.ready()
