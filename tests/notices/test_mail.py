"""Mail: what a person gets, from a real mail server."""

import ssl
from pathlib import Path

import pytest

from lmsvc.jobs.states import JobState
from lmsvc.notices.mail import mail, send
from lmsvc.notices.notice import Notice
from lmsvc.settings import MailSettings
from lmsvc.store import Store
from tests.notices.jobs import ended
from tests.notices.receiving import PASSWORD, Mailbox, mail_server

NOW = 1795000000.0


def settings(box: Mailbox, **changes: object) -> MailSettings:
    """Return the settings for a mail server under test."""
    plain = {"server": "127.0.0.1", "port": box.port, "security": "none", "sender": "lm@example.org"}
    return MailSettings.model_validate({**plain, **changes})


def test_a_person_reads_what_became_of_the_job(store: Store) -> None:
    """Subject and text name the job, its end, how long it took, its items and its page."""
    job = ended(store, {}, now=NOW, name="Heuchera\nrichness")
    with mail_server() as box:
        notice = Notice(job, "ended", "https://lm.example.org")
        outcome = send(mail([notice], "ada@example.org", "lm@example.org"), settings(box), 5)
    (came,) = box.mails
    assert outcome.delivered
    assert (came["To"], came["Subject"]) == ("ada@example.org", "Heuchera richness: succeeded")
    assert (came["Message-ID"], came["Auto-Submitted"]) == (f"<{notice.id}@example.org>", "auto-generated")
    for part in ("succeeded after 1 min 1 s", "3 succeeded, 1 skipped", f"https://lm.example.org/jobs/{job.id}"):
        assert part in came.get_content()


def test_a_failure_says_why(store: Store) -> None:
    """The reason of a failure is in the text."""
    notice = Notice(ended(store, {}, now=NOW, state=JobState.FAILED), "ended")
    assert "Reason: exit code 1" in mail([notice], "ada@example.org", "lm@example.org").get_content()


def test_a_warning_says_until_when(store: Store) -> None:
    """The mail about expiry names the day."""
    job_id = ended(store, {}, now=NOW).id
    store.set_expiry(job_id, NOW + 86_400, warned=True)
    job = store.head(job_id)
    assert job is not None
    message = mail([Notice(job, "expiring")], "ada@example.org", "lm@example.org")
    assert message["Subject"] == "Results of Heuchera expire on 2026-11-19"
    assert "kept until 2026-11-19 and then removed" in message.get_content()


def test_many_warnings_are_one_mail(store: Store) -> None:
    """Jobs whose results go soon stand in one mail, the first to go first, each with its day."""
    notices = []
    for days, name in ((3, "late"), (1, "soon"), (2, "between")):
        job_id = ended(store, {}, now=NOW, name=name).id
        store.set_expiry(job_id, NOW + days * 86_400, warned=True)
        job = store.head(job_id)
        assert job is not None
        notices.append(Notice(job, "expiring", "https://lm.example.org"))
    message = mail(notices, "ada@example.org", "lm@example.org")
    assert message["Subject"] == "Results of 3 jobs expire, the first on 2026-11-19"
    text = message.get_content()
    places = [text.index(part) for part in ("2026-11-19  soon (", "2026-11-20  between (", "2026-11-21  late (")]
    assert places == sorted(places)
    assert all(f"https://lm.example.org/jobs/{notice.job.id}" in text for notice in notices)


def test_mail_goes_over_tls_after_signing_in(store: Store, tls: ssl.SSLContext, tmp_path: Path) -> None:
    """With a user, the password is sent under STARTTLS only, and the server is checked before that."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    message = mail([Notice(ended(store, {}, now=NOW), "ended")], "ada@example.org", "lm@example.org")
    signed = {"security": "starttls", "user": "lm", "password_file": tmp_path / "password"}
    with mail_server(tls) as box:
        assert send(message, settings(box, **signed), 5).delivered
    assert box.secured == [True]


def test_an_unknown_mail_server_gets_nothing(
    store: Store, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server whose certificate is not trusted gets neither password nor mail."""
    monkeypatch.delenv("SSL_CERT_FILE")
    message = mail([Notice(ended(store, {}, now=NOW), "ended")], "ada@example.org", "lm@example.org")
    with mail_server(tls) as box:
        outcome = send(message, settings(box, security="starttls"), 5)
    assert not outcome.delivered
    assert "certificate" in outcome.detail.lower()
    assert box.mails == []


def test_a_refused_address_is_final(store: Store) -> None:
    """An address that the server does not know is not tried again; a server that is away is."""
    message = mail([Notice(ended(store, {}, now=NOW), "ended")], "nobody@example.org", "lm@example.org")
    with mail_server() as box:
        box.refused = "nobody@example.org"
        refused = send(message, settings(box), 5)
    away = send(message, settings(box), 5)
    assert (refused.delivered, refused.final, away.delivered, away.final) == (False, True, False, False)
    assert "550 no such user here" in refused.detail
