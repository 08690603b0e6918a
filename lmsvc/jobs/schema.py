"""The JSON Schema of job documents."""

from typing import Any, Final

from lmsvc.jobs.document import JobDocument

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def job_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of job documents; `job.schema.json` beside this module is equal to it."""
    schema = JobDocument.model_json_schema(by_alias=True)
    _close(schema)
    return {"$schema": _DIALECT, "$id": "/api/v1/schemas/job.json", **schema}


def _close(schema: object) -> None:
    """Forbid names that do not match where names must match a pattern."""
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for part in parts:
        _close(part)
    if isinstance(schema, dict) and "patternProperties" in schema:
        schema["additionalProperties"] = False
