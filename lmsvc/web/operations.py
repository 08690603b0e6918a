"""What an operation of the HTTP API is: the routes and the OpenAPI document are both made from these."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from flask import Response, request
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.routing import BaseConverter

from lmsvc.store.accounts_records import USER_NAME
from lmsvc.web.problems import FaultBody, Problem, not_found

JSON = "application/json"


@dataclass(frozen=True)
class PathParameter:
    """A variable part of a path: Flask's converter, what it looks like, and what it means."""

    converter: str
    pattern: str
    description: str

    @property
    def schema(self) -> dict[str, object]:
        """Return its JSON Schema."""
        return {"type": "string", "minLength": 1, "pattern": f"^{self.pattern}$"}

    def require(self, text: str) -> None:
        """Answer 404 for what cannot be the name of anything, before a database has to deal with it."""
        if not re.fullmatch(self.pattern, text):
            raise not_found(f"There is nothing called {text[:80]!r}.")


PATH_PARAMETERS: Mapping[str, PathParameter] = {
    "job_id": PathParameter("string", "[a-z2-7]{10}", "id of a job"),
    "upload": PathParameter("rest", r"[\s\S]+", "file name, or upload id"),
    "transfer": PathParameter("string", "[0-9a-f]{32}", "id of an upload in parts"),
    "name": PathParameter("string", r"[\w.-]+", "name"),
    "user": PathParameter("string", USER_NAME, "name of a user"),
    "token": PathParameter("string", "[a-z2-7]{8}", "id of a token"),
    "secret": PathParameter("string", "[A-Za-z0-9_-]{20,100}", "secret of a share link"),
    "path": PathParameter("rest", r"[^\x00-\x1f\x7f]+", "path of the file, `step/output/file`"),
}


class RestConverter(BaseConverter):
    """All that is left of the path, slashes and line breaks included, so that views can say what is wrong with it."""

    part_isolating = False
    regex = r"[\s\S]+"


@dataclass(frozen=True)
class Answer:
    """One possible success: what it means and what its body looks like (None: no body)."""

    description: str
    model: type[BaseModel] | None = None
    media_type: str | None = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Body:
    """What a request carries: its media type, and the name of the component that describes it, or its model."""

    media_type: str
    description: str
    component: str | None = None
    model: type[BaseModel] | None = None


class Query(BaseModel):
    """Base of query models: unknown parameters are refused, so that a typing error is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


QueryModel = TypeVar("QueryModel", bound=Query)


@dataclass(frozen=True)
class Operation:
    """One method on one path.

    Attributes:
        method: HTTP method.
        path: OpenAPI path template; its variables are keys of `PATH_PARAMETERS`.
        view: called with the path's variables and, where there is a query model, `query`.
        tag: chapter of the documentation.
        answers: successes by status.
        problems: statuses of problems the view may answer with, besides those of every operation.
        query: model of the query string; None where nothing is read from it.
        headers: request headers the view reads, with what they mean.
        body: what the request carries.
        public: answered without a token, whatever the settings: it tells nothing about the site.
        scope: what a token must be good for, where it is not as the method says: `read`, `submit` or `admin`.
    """

    method: str
    path: str
    view: Callable[..., Response]
    tag: str
    answers: Mapping[int, Answer]
    problems: tuple[int, ...] = ()
    query: type[Query] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    public: bool = False
    scope: str | None = None

    @property
    def needs(self) -> str:
        """Return the scope that a token needs for it: by default `read` to look and `submit` to change."""
        return self.scope or ("read" if self.method in ("GET", "HEAD", "OPTIONS") else "submit")

    @property
    def name(self) -> str:
        """Return the operation's id, which is its view's name."""
        return self.view.__name__

    @property
    def rule(self) -> str:
        """Return the path as a Flask rule."""
        return re.sub(r"\{(\w+)\}", lambda found: f"<{_converter(found[1])}>", self.path)

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the names of the path's variables in order."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    def bound(self) -> Callable[..., Response]:
        """Return the view as Flask calls it: with the path's variables and the query string checked."""
        model = self.query

        @wraps(self.view)
        def checked(**variables: str) -> Response:
            for name, text in variables.items():
                PATH_PARAMETERS[name].require(text)
            if model is None:
                return self.view(**variables)
            return self.view(**variables, query=parse_query(model))

        return checked


def _converter(variable: str) -> str:
    return f"{PATH_PARAMETERS[variable].converter}:{variable}"


def parse_query(model: type[QueryModel]) -> QueryModel:
    """Check the query string of this request against its model.

    Raises:
        Problem: 400 with every fault and the parameter it belongs to.
    """
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    faults = [FaultBody(parameter=name, detail="given more than once") for name in repeated]
    values: dict[str, Any] = request.args.to_dict()
    try:
        parsed = model.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults += [FaultBody(parameter=str(fault["loc"][0]), detail=_explained(fault, model)) for fault in found]
    if faults:
        raise Problem(400, "invalid-query", f"{len(faults)} fault(s) in the query", errors=faults)
    return parsed


def _explained(fault: ErrorDetails, model: type[Query]) -> str:
    if fault["type"] == "extra_forbidden":
        return f"unknown; there are: {', '.join(model.model_fields)}"
    return fault["msg"]
