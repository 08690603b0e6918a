"""Tokens, and the sessions of browsers that signed in with one. Only hashes of secrets are kept."""

from peewee import Expression

from lmsvc.store.accounts import USER_COLUMNS, to_user
from lmsvc.store.accounts_records import Bearer, Token
from lmsvc.store.base import Part
from lmsvc.store.database import Row
from lmsvc.store.models import Sessions, Tokens, Users

_COLUMNS = [getattr(Tokens, name) for name in Token.__dataclass_fields__]
_PREFIX = "user_"
_OF_USER = [column.alias(_PREFIX + column.name) for column in USER_COLUMNS]


class TokenStore(Part):
    """Tokens and sessions."""

    def add_token(self, token: Token, token_hash: str) -> bool:
        """Store a token of a user; False if there is no such user."""
        with self._database.writing() as session:
            if session.one(session.locked(Users.select(Users.name).where(Users.name == token.user))) is None:
                return False
            session.change(Tokens.insert({**vars(token), "scopes": list(token.scopes), "hash": token_hash}))
            return True

    def tokens(self, user: str | None = None) -> tuple[Token, ...]:
        """Return the tokens of one user or of all, the newest first."""
        query = Tokens.select(*_COLUMNS).order_by(Tokens.created.desc(), Tokens.id)
        with self._database.reading() as session:
            rows = session.all(query if user is None else query.where(Tokens.user == user))
        return tuple(_token(row) for row in rows)

    def revoke_token(self, token_id: str, user: str | None = None) -> bool:
        """Forget a token, and with it the sessions that began with it; False if the user has none of this id."""
        mine: Expression = Tokens.id == token_id
        if user is not None:
            mine = mine & (Tokens.user == user)
        with self._database.writing() as session:
            session.change(Sessions.delete().where(Sessions.token_hash.in_(Tokens.select(Tokens.hash).where(mine))))
            return session.change(Tokens.delete().where(mine)) == 1

    def bearer(self, token_hash: str, now: float) -> Bearer | None:
        """Return who brings a token with this hash; None where it is unknown, expired, or its user disabled."""
        good = (Tokens.hash == token_hash) & ~Users.disabled & (Tokens.expires.is_null() | (Tokens.expires > now))
        query = Tokens.select(*_COLUMNS, *_OF_USER).join(Users, on=Users.name == Tokens.user)
        with self._database.reading() as session:
            row = session.one(query.where(good))
        if row is None:
            return None
        user = to_user({column.name: row.pop(_PREFIX + column.name) for column in USER_COLUMNS})
        return Bearer(_token(row), user)

    def note_use(self, token_id: str, now: float) -> None:
        """Remember when a token was used last."""
        with self._database.writing() as session:
            session.change(Tokens.update(last_used=now).where(Tokens.id == token_id))

    def begin_session(self, session_hash: str, token_hash: str, now: float, expires: float) -> None:
        """Store that a browser signed in with a token; forget sessions that are over."""
        row = {"hash": session_hash, "token_hash": token_hash, "created": now, "expires": expires}
        with self._database.writing() as session:
            session.change(Sessions.delete().where(Sessions.expires <= now))
            session.change(Sessions.insert(row))

    def session_token(self, session_hash: str, now: float) -> str | None:
        """Return the hash of the token that a session began with; None where the session is unknown or over."""
        query = Sessions.select(Sessions.token_hash)
        with self._database.reading() as session:
            row = session.one(query.where((Sessions.hash == session_hash) & (Sessions.expires > now)))
        return str(row["token_hash"]) if row else None

    def end_session(self, session_hash: str) -> None:
        """Forget a session."""
        with self._database.writing() as session:
            session.change(Sessions.delete().where(Sessions.hash == session_hash))


def _token(row: Row) -> Token:
    return Token(**row | {"scopes": tuple(row["scopes"])})
