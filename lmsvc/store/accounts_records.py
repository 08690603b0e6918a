"""Accounts as they leave the store: frozen values. Times are UTC epoch seconds."""

from dataclasses import dataclass

from lmsvc.store.records import JsonObject

SCOPES = ("read", "submit", "admin")
"""What a token may be good for: to look; to submit and change; to do what administrators do."""

USER_NAME = r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}"


@dataclass(frozen=True)
class Quota:
    """How much a user may have. None: what the site allows; 0: no bound.

    Attributes:
        jobs: jobs that wait or run at one time.
        tasks: tasks of one job.
        bytes: uploads and packages together.
        days_kept: days after which results go, and uploads that no job uses.
    """

    jobs: int | None = None
    tasks: int | None = None
    bytes: int | None = None
    days_kept: int | None = None

    def over(self, site: "Quota", *, admin: bool) -> "Quota":
        """Return what holds for a user with this quota; what a site allows binds no administrators."""
        names = self.__dataclass_fields__
        usual = {name: 0 if admin and name != "days_kept" else getattr(site, name) for name in names}
        own = {name: value for name in names if (value := getattr(self, name)) is not None}
        return Quota(**usual | own)


@dataclass(frozen=True)
class User:
    """Somebody who may sign in; `notify` is how jobs tell of their end unless they say otherwise."""

    name: str
    admin: bool = False
    disabled: bool = False
    email: str | None = None
    notify: JsonObject | None = None
    quota: Quota = Quota()
    created: float = 0.0


@dataclass(frozen=True)
class Token:
    """A token without its text, which is not kept. `name` says what it is for."""

    id: str
    user: str
    name: str
    scopes: tuple[str, ...]
    created: float
    expires: float | None = None
    last_used: float | None = None


@dataclass(frozen=True)
class Bearer:
    """Who brought a token that is good, and what it may be used for."""

    token: Token
    user: User


@dataclass(frozen=True)
class Share:
    """A link by which anybody may read a job until it expires."""

    secret: str
    job_id: str
    user: str
    created: float
    expires: float
