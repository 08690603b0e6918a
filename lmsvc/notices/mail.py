"""Sends a notice by mail."""

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate

from lmsvc.notices.notice import Notice, subject, text
from lmsvc.notices.outcome import Outcome
from lmsvc.settings import MailSettings


def mail(notices: Sequence[Notice], to: str, sender: str) -> EmailMessage:
    """Return a notice, or several warnings, as a mail. Every try has the same Message-ID."""
    message = EmailMessage()
    message["From"], message["To"] = sender, to
    message["Subject"] = subject(notices)
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{notices[0].id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text(notices))
    return message


def send(message: EmailMessage, settings: MailSettings, seconds: float) -> Outcome:
    """Hand a mail to the mail server once.

    Args:
        message: the mail.
        settings: the server.
        seconds: how long each of its answers may take.
    """
    try:
        with _connect(settings, seconds) as server:
            if settings.user:
                server.login(settings.user, _password(settings))
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        return Outcome(False, f"the mail server refuses the address: {code} {_said(said)}", final=code >= 500)
    except smtplib.SMTPResponseException as error:
        return Outcome(False, f"the mail server says {error.smtp_code} {_said(error.smtp_error)}")
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(False, f"the mail server cannot be used: {error or type(error).__name__}")
    return Outcome(True, "the mail server has it")


def _connect(settings: MailSettings, seconds: float) -> smtplib.SMTP:
    if settings.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.server, settings.port, timeout=seconds, context=context)
    server = smtplib.SMTP(settings.server, settings.port, timeout=seconds)
    try:
        if settings.security == "starttls":
            server.starttls(context=ssl.create_default_context())
    except BaseException:
        server.close()
        raise
    return server


def _password(settings: MailSettings) -> str:
    return settings.password_file.read_text(encoding="utf-8").strip() if settings.password_file else ""


def _said(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
