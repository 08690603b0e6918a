"""Tokens and certificates as commands and the Python client meet them."""

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lmsvc.client import ApiError, Client, ClientError, NotTrusted, ServiceUnreachable
from tests.cli.conftest import Commands, Ran, run
from tests.web import certificates
from tests.web.certificates import Certificates
from tests.web.server import Server

TOKEN = "a-token-of-the-tests"
POOLS = b'{"catalog_reachable": true, "pools": []}'


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a web service that asks for a token."""
    root = tmp_path_factory.mktemp("guarded")
    (root / "token").write_text(f"{TOKEN}\n")
    with Server.start(root / "data", LMSVC_TOKEN_FILE=str(root / "token")) as server:
        yield server


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """Give a file with the token."""
    path = tmp_path / "my-token"
    path.write_text(f"{TOKEN}\n")
    return path


class Secure:
    """A server with a certificate of a site's own authority; it notes the tokens it is sent."""

    def __init__(self, made: Certificates, status: int = 200, **headers: str) -> None:
        """Answer every request with this status, these headers, and no pools."""
        self.made = made
        self.tokens: list[str | None] = []
        tokens = self.tokens

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tokens.append(self.headers.get("Authorization"))
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(POOLS)

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.certificate, made.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.port = self._server.server_port
        self.url = f"https://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Give the certificates of a site."""
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure(made: Certificates) -> Iterator[Callable[..., Secure]]:
    """Give a way to start servers with the site's certificate."""
    started: list[Secure] = []

    def start(status: int = 200, **headers: str) -> Secure:
        started.append(Secure(made, status, **headers))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def test_without_a_token_commands_say_how_to_give_one(lmsvc: Commands) -> None:
    """Exit 8, and the options and variables that take the token."""
    ran = lmsvc("pools")
    assert ran.code == 8
    assert all(way in ran.err for way in ("--token-file", "LMSVC_TOKEN_FILE", "LMSVC_TOKEN."))


def test_the_token_comes_from_a_file_or_the_environment(
    lmsvc: Commands, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Option, LMSVC_TOKEN_FILE and LMSVC_TOKEN all do; the option wins."""
    assert lmsvc("pools", "--token-file", str(token_file)).code == 0
    monkeypatch.setenv("LMSVC_TOKEN_FILE", str(token_file))
    assert lmsvc("pools").code == 0
    monkeypatch.setenv("LMSVC_TOKEN", "wrong")
    assert lmsvc("pools").code == 8
    assert lmsvc("pools", "--token-file", str(token_file)).code == 0
    monkeypatch.setenv("LMSVC_TOKEN", TOKEN)
    monkeypatch.setenv("LMSVC_TOKEN_FILE", "nowhere")
    assert lmsvc("pools").code == 0


def unusable(lmsvc: Commands, path: Path) -> Ran:
    """Run a command with a token file that cannot be used."""
    ran = lmsvc("pools", "--token-file", str(path))
    assert ran.code not in (0, 1, 8)
    assert "Traceback" not in ran.err
    return ran


def test_a_token_file_that_cannot_be_used_is_named(lmsvc: Commands, tmp_path: Path) -> None:
    """One that is not there is named; one with several lines is refused without showing what is in it."""
    assert "nowhere" in unusable(lmsvc, tmp_path / "nowhere").err
    (tmp_path / "lines").write_text("secret-1\nsecret-2\n")
    assert "secret" not in unusable(lmsvc, tmp_path / "lines").err
    (tmp_path / "empty").write_text("\n")
    assert "empty" in unusable(lmsvc, tmp_path / "empty").err


def test_the_python_client_takes_the_token(web: Server) -> None:
    """With it every method works; with another one ApiError has status 401."""
    with Client(web.url, token=TOKEN) as client:
        assert [pool["name"] for pool in client.pools()] == ["default"]
    with Client(web.url, token="another") as client, pytest.raises(ApiError) as caught:
        client.pools()
    assert caught.value.status == 401


def test_a_site_s_own_authority_is_trusted_when_named(
    secure: Callable[..., Secure],
    token_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With --ca-file or LMSVC_CA_FILE https works, and the token arrives."""
    server = secure()
    words = ("pools", "--url", server.url, "--token-file", str(token_file))
    assert run(capsys, *words, "--ca-file", str(server.made.ca)).code == 0
    monkeypatch.setenv("LMSVC_CA_FILE", str(server.made.ca))
    assert run(capsys, *words).code == 0
    assert server.tokens == [f"Bearer {TOKEN}"] * 2


def test_an_unknown_authority_is_refused_with_advice(
    secure: Callable[..., Secure], token_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 3: the certificate is not trusted, --ca-file mends it; the token was not sent."""
    server = secure()
    ran = run(capsys, "pools", "--url", server.url, "--token-file", str(token_file))
    assert ran.code == 3
    assert "is not trusted" in ran.err
    assert "--ca-file" in ran.err
    assert "lmsvc up" not in ran.err
    assert server.tokens == []


def test_a_name_the_certificate_does_not_have_is_refused(secure: Callable[..., Secure]) -> None:
    """The site's authority does not make every name good."""
    server = secure()
    with (
        Client(f"https://localhost:{server.port}", token=TOKEN, ca_file=server.made.ca) as client,
        pytest.raises(NotTrusted, match="localhost"),
    ):
        client.pools()
    assert server.tokens == []


def test_redirects_do_not_take_the_token_elsewhere(secure: Callable[..., Secure]) -> None:
    """A redirect to another host is an error that names it; the other host hears nothing."""
    other = secure()
    first = secure(302, Location=f"{other.url}/api/v1/pools")
    with (
        Client(first.url, token=TOKEN, ca_file=first.made.ca) as client,
        pytest.raises(ServiceUnreachable, match=other.url),
    ):
        client.pools()
    assert (first.tokens, other.tokens) == ([f"Bearer {TOKEN}"], [])


def test_a_file_without_a_certificate_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A CA file that is something else is an error before anything is sent."""
    (tmp_path / "ca.crt").write_text("nothing")
    with pytest.raises(ClientError, match="no certificate"):
        Client("https://127.0.0.1:1", ca_file=tmp_path / "ca.crt")
    ran = run(capsys, "pools", "--url", "https://127.0.0.1:1", "--ca-file", str(tmp_path / "nowhere"))
    assert "nowhere" in ran.err
    assert ran.code == 2
