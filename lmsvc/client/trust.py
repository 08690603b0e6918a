"""Why a service is believed, and how the service knows its client: certificates and the token."""

import re
import ssl
from pathlib import Path

from lmsvc.client.errors import ClientError

_TOKEN = re.compile("[!-~]+")


def certificates(ca_file: Path | None) -> ssl.SSLContext | bool:
    """Return what a service's certificate is checked against: one authority, or those that everybody trusts.

    Raises:
        ClientError: the file holds no certificate.
        OSError: it cannot be read.
    """
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cadata=ca_file.read_text(encoding="ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise ClientError(f"{ca_file} holds no certificate in PEM form") from error


def authorization(token: str | None) -> dict[str, str]:
    """Return the header that carries a token, if there is one.

    Raises:
        ClientError: it cannot be sent; the text does not show it.
    """
    if token is None:
        return {}
    if not _TOKEN.fullmatch(token):
        raise ClientError("the token is empty or has other than visible ASCII characters")
    return {"Authorization": f"Bearer {token}"}


def distrust(error: BaseException | None) -> str | None:
    """Return why a certificate was refused, where that is what lies behind an error."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return None
