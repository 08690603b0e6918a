"""The JSON bodies of answers and requests about users and tokens."""

from dataclasses import asdict
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from lmsvc.store.accounts_records import Quota, Token, User
from lmsvc.web.bodies import Count, Cursor, Moment

Bound = Annotated[int | None, Field(ge=0, le=2**53, description="null: what the site allows; 0: no bound")]
Scope = Literal["read", "submit", "admin"]


class QuotaBody(BaseModel):
    """How much a user may have."""

    model_config = ConfigDict(extra="forbid")

    jobs: Bound = Field(default=None, description="jobs that wait or run at one time")
    tasks: Bound = Field(default=None, description="tasks of one job")
    bytes: Bound = Field(default=None, description="uploads and packages together")
    days_kept: Bound = Field(default=None, description="days after which results go")


class UsedBody(BaseModel):
    """How much a user has."""

    jobs: Count = Field(description="jobs that wait or run")
    bytes: Count = Field(description="uploads and packages together")
    disk_share: float = Field(ge=0, le=1, description="which share of the service's disk these bytes are")


class MeBody(BaseModel):
    """Who asks, and what for."""

    user: str
    admin: bool
    scopes: list[Scope]
    quota: QuotaBody = Field(description="what holds now; 0: no bound")
    used: UsedBody


class UserBody(BaseModel):
    """A user."""

    name: str
    admin: bool
    disabled: bool
    email: str | None
    notify: dict[str, Any] | None
    quota: QuotaBody
    created: Moment

    @classmethod
    def of(cls, user: User) -> Self:
        """Return a user as the API shows one."""
        return cls.model_validate(asdict(user))


class UsersPage(BaseModel):
    """All users."""

    users: list[UserBody]
    next: Cursor = None


class UserChange(BaseModel):
    """What of a user is to change; what is not there stays as it is."""

    model_config = ConfigDict(extra="forbid")

    admin: bool | None = None
    disabled: bool | None = None
    email: Annotated[str | None, Field(max_length=254, pattern=r"^[^\s@<>]+@[^\s@<>]+$")] = None
    quota: QuotaBody | None = None

    def applied(self, user: User) -> User:
        """Return the user with the changes."""
        given = {name: getattr(self, name) for name in self.model_fields_set if name != "quota"}
        kept = {name: value for name, value in given.items() if value is not None or name == "email"}
        quota = Quota(**asdict(user.quota) | self.quota.model_dump(exclude_unset=True)) if self.quota else user.quota
        return User(**vars(user) | kept | {"quota": quota})


class NewTokenBody(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$", description="what it is for")] = ""
    scopes: Annotated[list[Scope], Field(min_length=1)] = ["read", "submit"]
    days: Annotated[float | None, Field(gt=0, le=36500, allow_inf_nan=False, description="null: for ever")] = None


class TokenBody(BaseModel):
    """A token without its text."""

    id: str
    user: str
    name: str
    scopes: list[Scope]
    created: Moment
    expires: Moment | None
    last_used: Moment | None = Field(description="to the minute")

    @classmethod
    def of(cls, token: Token) -> Self:
        """Return a token as the API shows one."""
        return cls.model_validate({**asdict(token), "scopes": list(token.scopes)})


class MadeTokenBody(TokenBody):
    """A token that was made just now."""

    token: str = Field(description="its text, which is shown only here")


class TokensPage(BaseModel):
    """Tokens, the newest first."""

    tokens: list[TokenBody]
    next: Cursor = None
