"""The client's part for people: who you are, whom your jobs tell, who else may read one, and the site's users."""

from collections.abc import Iterator, Sequence
from typing import cast
from urllib.parse import quote

from lmsvc.client.calls import API, Calls, encode, job_path
from lmsvc.client.models import Record
from lmsvc.client.people_models import Me, Share, Token, User
from lmsvc.client.transport import Query


class PeopleCalls(Calls):
    """Users, tokens, and links to single jobs."""

    def me(self) -> Me:
        """Return who the service takes you for, what you may do, and how much you have of what you may have."""
        return cast(Me, self._object("GET", f"{API}/me"))

    def notices(self) -> Record:
        """Return how your jobs tell of their end unless they say otherwise."""
        return cast(Record, self._object("GET", f"{API}/me/notices"))

    def set_notices(self, webhook: str | None = None, email: str | None = None) -> Record:
        """Say whom your jobs tell of their end: nobody where both are None."""
        return cast(
            Record, self._object("PUT", f"{API}/me/notices", None, encode({"webhook": webhook, "email": email}))
        )

    def share(self, job_id: str, days: float | None = None) -> Share:
        """Make a link by which anybody reads this one job, good for some days; one made before stays."""
        query: Query | None = None if days is None else {"days": days}
        return cast(Share, self._object("POST", f"{job_path(job_id)}/share", query))

    def unshare(self, job_id: str) -> None:
        """Make the link to a job worthless."""
        self._transport.send("DELETE", f"{job_path(job_id)}/share")

    def users(self) -> Iterator[User]:
        """Yield all users; for administrators."""
        return cast(Iterator[User], self._all(f"{API}/users", "users"))

    def set_user(self, name: str, **changes: object) -> User:
        """Make or change a user (``admin``, ``disabled``, ``email``, ``quota``); what is not named stays as it is."""
        return cast(User, self._object("PUT", _user(name), None, encode(changes)))

    def tokens(self, user: str) -> Iterator[Token]:
        """Yield the tokens of a user, without their text."""
        return cast(Iterator[Token], self._all(f"{_user(user)}/tokens", "tokens"))

    def make_token(
        self, user: str, name: str, scopes: Sequence[str] = ("read", "submit"), days: float | None = None
    ) -> Record:
        """Return a new token of a user; its text, ``token``, is told only here. Without ``days`` it never expires."""
        wanted = {"name": name, "scopes": list(scopes), "days": days}
        return cast(Record, self._object("POST", f"{_user(user)}/tokens", None, encode(wanted)))

    def revoke_token(self, user: str, token_id: str) -> None:
        """Make a token worthless."""
        self._transport.send("DELETE", f"{_user(user)}/tokens/{quote(token_id, safe='')}")


def _user(name: str) -> str:
    return f"{API}/users/{quote(name, safe='')}"
