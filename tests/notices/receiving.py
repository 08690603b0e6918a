"""Receivers of notices under test: an HTTP server and a mail server, both real."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from lmsvc.ports import free_ports

PASSWORD = "correct horse"


@dataclass
class Hook:
    """A receiver of webhooks: what came, and with which statuses it answers, the last one for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [204])
    headers: dict[str, str] = field(default_factory=dict)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Note a request; return the status to answer with."""
        self.came.append((headers, body))
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def hook(trust: Callable[[], ssl.SSLContext] | None = None) -> Iterator[Hook]:
    """Run a receiver of webhooks, by https where a context is given."""
    receiver = Hook()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver))
    if trust:
        server.socket = trust().wrap_socket(server.socket, server_side=True)
    receiver.url = f"{'https' if trust else 'http'}://127.0.0.1:{server.server_port}/in?to=me"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    thread.join()
    server.server_close()


def _handler(receiver: Hook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Note what came and answer as asked for."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = {name.lower(): value for name, value in self.headers.items()} | {"path": self.path}
            self.send_response(receiver.take(asked, body))
            for name, value in {**receiver.headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing."""

    return Handler


@dataclass
class Mailbox:
    """What a mail server took, and whether it was sent under TLS by somebody who had signed in."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    refused: str = ""

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: list[str]) -> str:
        """Refuse one address for good."""
        if to == self.refused:
            return "550 no such user here"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail."""
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.secured.append(session.ssl is not None and bool(session.authenticated))
        return "250 taken"


@contextmanager
def mail_server(context: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    """Run a mail server; with a context it asks for STARTTLS and then for a name and `PASSWORD`."""
    box = Mailbox(free_ports(1))
    secure: dict[str, Any] = {}
    if context:
        secure = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": _is_known}
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **secure)
    controller.start()
    yield box
    controller.stop()


def _is_known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=data.password == PASSWORD.encode())
