"""New tokens: random texts of which the store keeps hashes."""

import hashlib
import secrets
from collections.abc import Iterable

from lmsvc.store.accounts_records import Token
from lmsvc.store.accounts_tokens import TokenStore

PREFIX = "lmsvc_"
DAY_SECONDS = 86_400

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_ID_LENGTH = 8


def hash_of(secret: str) -> str:
    """Return what is kept of a token or session. Its bits are random, so a plain hash tells nothing of it."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def issue(
    store: TokenStore, user: str, now: float, *, name: str = "", scopes: Iterable[str], days: float | None = None
) -> tuple[Token, str] | None:
    """Make a token for a user; return it with its text, which is told only here. None if there is no such user.

    The text is 256 random bits behind a prefix by which programs find tokens that leaked.
    """
    text = PREFIX + secrets.token_urlsafe(32)
    token_id = "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))
    expires = None if days is None else now + days * DAY_SECONDS
    token = Token(token_id, user, name, tuple(dict.fromkeys(scopes)), now, expires)
    return (token, text) if store.add_token(token, hash_of(text)) else None
