"""Small JSON bodies of requests, checked against a model."""

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from lmsvc.jobs.faults import join
from lmsvc.web.operations import JSON
from lmsvc.web.problems import FaultBody, Problem

LARGEST_BYTES = 100_000

M = TypeVar("M", bound=BaseModel)


def read_body(model: type[M]) -> M:
    """Return the request's body as a model says.

    Raises:
        Problem: 413, 415, or 422 with every fault and its pointer.
    """
    if request.mimetype != JSON:
        raise Problem(415, "unsupported-media-type", f"Send the body as {JSON}.")
    request.max_content_length = LARGEST_BYTES + 1
    raw = request.get_data(cache=False)
    if len(raw) > LARGEST_BYTES:
        raise RequestEntityTooLarge(f"The body may have {LARGEST_BYTES} bytes.")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = [FaultBody(pointer=join("", *map(str, fault["loc"])), detail=fault["msg"]) for fault in found]
        raise Problem(422, "invalid-body", f"{len(faults)} fault(s): {faults[0].detail}", errors=faults) from error
