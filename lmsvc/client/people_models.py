"""The API's JSON objects about people, as the client reads them. Times are RFC 3339."""

from typing import TypedDict

from lmsvc.client.models import Record


class Quota(TypedDict):
    """Bounds of a user: 0 is none, null is the site's."""

    jobs: int | None
    tasks: int | None
    bytes: int | None
    days_kept: int | None


class Me(TypedDict):
    """Who asks; ``used`` has the jobs that wait or run, and the bytes of uploads and packages."""

    user: str
    admin: bool
    scopes: list[str]
    quota: Quota
    used: dict[str, int]


class User(TypedDict):
    """A user of the service."""

    name: str
    admin: bool
    disabled: bool
    email: str | None
    notify: Record | None
    quota: Quota
    created: str


class Token(TypedDict):
    """A token without its text."""

    id: str
    user: str
    name: str
    scopes: list[str]
    created: str
    expires: str | None
    last_used: str | None


class Share(TypedDict):
    """A link to a job: ``token`` reads it through the API."""

    url: str
    token: str
    expires: str
