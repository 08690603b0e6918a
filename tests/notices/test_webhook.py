"""Webhooks: what a receiver gets, and where none go."""

import ipaddress
import json
import socket
import ssl
import threading
import time

import pytest

from lmsvc.jobs.states import JobState
from lmsvc.notices.destinations import is_public
from lmsvc.notices.notice import Notice, payload
from lmsvc.notices.secrets import signature, user_secret
from lmsvc.notices.webhook import Message, send
from lmsvc.store import Store
from tests.notices.jobs import ended
from tests.notices.receiving import hook

MESSAGE = Message("msg_a_1_ended", b'{"type":"job.succeeded"}')
SECRET = user_secret(b"k" * 32, "ada")


def test_the_signature_is_that_of_the_standard() -> None:
    """A known message, secret and time give the signature that receivers' libraries expect for them."""
    secret, message_id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert signature(secret, message_id, 1614265330, b'{"test": 2432232314}') == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_users_have_different_secrets() -> None:
    """Whoever knows one user's secret cannot sign for another's jobs; the same user keeps it."""
    assert user_secret(b"k" * 32, "ada") == SECRET != user_secret(b"k" * 32, "ben")
    assert user_secret(b"l" * 32, "ada") != SECRET


def test_a_receiver_gets_a_message_it_can_check() -> None:
    """Body, id and time arrive unchanged, and their signature is right at the receiver."""
    with hook() as receiver:
        outcome = send(receiver.url, MESSAGE, SECRET, seconds=5, private=True)
    ((headers, body),) = receiver.came
    assert outcome.delivered
    assert (headers["path"], headers["content-type"], body) == ("/in?to=me", "application/json", MESSAGE.body)
    sent = int(headers["webhook-timestamp"])
    assert abs(sent - time.time()) < 60
    assert headers["webhook-signature"] == signature(SECRET, headers["webhook-id"], sent, body)


def test_https_is_checked(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate of a trusted authority is believed, one of another is not, and then nothing is sent."""
    with hook(lambda: tls) as receiver:
        assert send(receiver.url, MESSAGE, SECRET, seconds=5, private=True).delivered
        monkeypatch.delenv("SSL_CERT_FILE")
        refused = send(receiver.url, MESSAGE, SECRET, seconds=5, private=True)
    assert not refused.delivered
    assert "certificate" in refused.detail.lower()
    assert len(receiver.came) == 1


@pytest.mark.parametrize(
    ("status", "final", "pause"), [(500, False, 7.0), (302, False, 7.0), (410, True, 7.0), (429, False, 7.0)]
)
def test_every_answer_but_success_is_a_failure(status: int, final: bool, pause: float) -> None:
    """Redirects are not followed, Gone is final, and a wish to be left alone is heard."""
    with hook() as receiver:
        receiver.statuses = [status]
        receiver.headers = {"Retry-After": "7", "Location": receiver.url}
        outcome = send(receiver.url, MESSAGE, SECRET, seconds=5, private=True)
    assert (outcome.delivered, outcome.final, outcome.pause_seconds) == (False, final, pause)
    assert str(status) in outcome.detail
    assert len(receiver.came) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]"])
def test_this_machine_is_no_destination(host: str) -> None:
    """However it is written, an address of this machine is not even connected to, for good."""
    with hook() as receiver:
        outcome = send(receiver.url.replace("127.0.0.1", host), MESSAGE, SECRET, seconds=2, private=False)
    assert (outcome.delivered, outcome.final, receiver.came) == (False, True, [])


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *((address, False) for address in ("10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254")),
        *((address, False) for address in ("0.0.0.0", "224.0.0.1", "255.255.255.255", "fe80::1", "fd00::1", "::")),
        *((address, False) for address in ("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::")),
        *((address, True) for address in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8")),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    """Private, local, shared, multicast and wrapped private addresses are not."""
    assert is_public(ipaddress.ip_address(address)) is public


def test_a_receiver_that_never_finishes_is_left() -> None:
    """One that sends its answer byte by byte is given no more time than one that is silent."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_drip, args=(listener,), daemon=True).start()
    began = time.monotonic()
    outcome = send(f"http://127.0.0.1:{listener.getsockname()[1]}/", MESSAGE, SECRET, seconds=1, private=True)
    listener.close()
    assert not outcome.delivered
    assert time.monotonic() - began < 5


def _drip(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        try:
            connection.sendall(b"HTTP/1.1 ")
            while True:
                connection.sendall(b"X")
                time.sleep(0.1)
        except OSError:
            return


def test_the_body_says_what_became_of_the_job(store: Store) -> None:
    """Type, time of the event, job, state, reason and address are in the body, in one line of JSON."""
    job = ended(store, {}, now=1795000000.0, state=JobState.FAILED, name="a\n<b>")
    body = payload(Notice(job, "ended", "https://lm.example.org/"))
    told = json.loads(body)
    assert b"\n" not in body
    assert (told["type"], told["timestamp"]) == ("job.failed", "2026-11-18T11:06:40.000Z")
    expected = {"id": job.id, "name": "a\n<b>", "user": "ada", "state": "failed", "reason": "exit code 1"}
    assert expected.items() <= told["data"].items()
    assert told["data"]["url"] == f"https://lm.example.org/jobs/{job.id}"
