"""Taking in a job: read strictly, checked wholly, planned, stored once; then the controller is woken."""

import hashlib
import json
import re
import time
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from lmsvc.jobs.document import JobDocument, parse_document
from lmsvc.jobs.faults import DocumentError, join
from lmsvc.jobs.states import JobState
from lmsvc.jobs.validation import Limits, ValidationContext, job_schema, validate_document
from lmsvc.planning.results import NoPoolError, PlanError
from lmsvc.store.errors import IdempotencyConflict, TooManyJobs, UnknownUpload
from lmsvc.store.records import Idempotency, NewJob, Submission
from lmsvc.web.access import identity
from lmsvc.web.answers import json_answer
from lmsvc.web.bodies import Accepted
from lmsvc.web.notices import told_of
from lmsvc.web.openapi import JOB_DOCUMENT
from lmsvc.web.operations import JSON, Answer, Body, Operation, Query
from lmsvc.web.plans import PlanBody, plan_of
from lmsvc.web.problems import FaultBody, Problem, document_problem
from lmsvc.web.quotas import quota_of, require_tasks, too_many_jobs
from lmsvc.web.room import require_room
from lmsvc.web.services import Services, services
from lmsvc.web.status import links

IDEMPOTENCY_KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"

_KEY = re.compile(r"[!-~]{1,255}")


class SubmissionQuery(Query):
    """Whether to take the job or only to plan it."""

    dry_run: bool = False


@dataclass(frozen=True)
class Checked:
    """A document without faults, as sent and as understood."""

    data: dict[str, Any]
    document: JobDocument


def submit_job(query: SubmissionQuery) -> Response:
    """Submit a job.

    Every fault of the document is named at once. With an Idempotency-Key, sending the same again gives the same job.
    With dry_run nothing is stored: the answer is the plan.
    """
    raw = _read_body()
    found = services()
    if query.dry_run:
        return json_answer(planned(found, check_document(found, raw).document))
    require_room(len(raw))
    submission = _submit(found, raw)
    found.wake_controller()
    return _accepted(found, submission)


def get_job_schema() -> Response:
    """Describe job documents in JSON Schema."""
    return Response(json.dumps(job_schema()), content_type="application/schema+json")


def _read_body() -> bytes:
    if request.mimetype != JSON:
        raise Problem(415, "unsupported-media-type", f"Send the job document as {JSON}.")
    limit = services().settings.limits.document_bytes
    request.max_content_length = limit + 1
    raw = request.get_data(cache=False)
    if len(raw) > limit:
        raise RequestEntityTooLarge(f"A job document may have {limit} bytes.")
    if request.content_length not in (None, len(raw)):
        raise Problem(400, "bad-request", "The connection ended before the whole document had arrived.")
    return raw


def _submit(found: Services, raw: bytes) -> Submission:
    idempotency = _idempotency(raw)
    if idempotency and (known := found.store.idempotent_job(idempotency.key, identity().user)):
        if known.body_sha256 != idempotency.body_sha256:
            raise _other_body()
        return Submission(known.job_id, created=False)
    return take_job(found, check_document(found, raw), idempotency)


def take_job(found: Services, checked: Checked, idempotency: Idempotency | None = None) -> Submission:
    """Plan a checked document and store it as a job.

    Raises:
        Problem: 422 where no pool can run it, an upload is gone, or the key came with another document; 403 or 429
            where it is more than its user may have.
    """
    return _stored(found, _new_job(found, checked), idempotency)


def _stored(found: Services, job: NewJob, idempotency: Idempotency | None) -> Submission:
    try:
        return found.store.submit(job, idempotency, time.time())
    except IdempotencyConflict as error:
        raise _other_body() from error
    except TooManyJobs as error:
        raise too_many_jobs(job.most_jobs) from error
    except UnknownUpload as error:
        fault = FaultBody(pointer="/inputs", detail=str(error))
        raise Problem(422, "invalid-document", str(error), errors=[fault]) from error


def _idempotency(raw: bytes) -> Idempotency | None:
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        fault = FaultBody(parameter=IDEMPOTENCY_KEY, detail="must be 1 to 255 visible ASCII characters")
        raise Problem(400, "invalid-query", "The Idempotency-Key cannot be used.", errors=[fault])
    return Idempotency(key, hashlib.sha256(raw).hexdigest())


def _other_body() -> Problem:
    detail = "This Idempotency-Key came with another document before; take a new key for a new job."
    return Problem(422, "idempotency-conflict", detail)


def check_document(found: Services, raw: bytes) -> Checked:
    """Read a job document strictly and check it wholly.

    Raises:
        Problem: 400 where it is no strict JSON, 422 where it has faults.
    """
    try:
        data = parse_document(raw)
    except DocumentError as error:
        raise document_problem(error, 400, "malformed-document") from error
    try:
        document = validate_document(data, validation_context(found))
    except DocumentError as error:
        raise document_problem(error, 422, "invalid-document") from error
    assert isinstance(data, dict)
    return Checked(data, document)


def validation_context(found: Services) -> ValidationContext:
    """Return what job documents may refer to here."""
    limits = found.settings.limits
    return ValidationContext(
        tools=found.registries.tools,
        datasets=found.registries.datasets,
        uploads=lambda upload: found.store.upload(upload, identity().only) is not None,
        pools=found.page.pools(),
        channels=found.settings.notices.channels,
        limits=Limits(steps=limits.steps_per_job, items=limits.items_per_job),
    )


def planned(found: Services, document: JobDocument) -> PlanBody:
    """Plan a valid document.

    Raises:
        Problem: 422 where no pool can run a step.
    """
    try:
        return plan_of(found, document)
    except NoPoolError as error:
        faults = [FaultBody(pointer=join("/steps", name, "run"), detail=why) for name, why in error.reasons.items()]
        raise Problem(422, "not-plannable", str(error), errors=faults) from error
    except PlanError as error:
        raise Problem(422, "not-plannable", str(error)) from error


def _new_job(found: Services, checked: Checked) -> NewJob:
    plan, who = planned(found, checked.document), identity()
    quota = quota_of(who)
    require_tasks(plan.tasks, quota)
    return NewJob(
        user=who.user,
        name=checked.document.name,
        document=checked.data,
        total_tasks=plan.tasks,
        small=plan.small,
        tags=tuple(checked.document.tags),
        notify=told_of(checked.document, who),
        template=checked.data.get("template"),
        any_uploads=who.admin,
        most_jobs=quota.jobs or 0,
    )


def _accepted(found: Services, submission: Submission) -> Response:
    job_id = submission.job_id
    head = None if submission.created else found.store.head(job_id)
    body = Accepted(id=job_id, state=head.state if head else JobState.QUEUED, links=links(job_id))
    headers = {"Location": body.links.self} | ({} if submission.created else {REPLAYED: "true"})
    return json_answer(body, 202, headers)


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/jobs",
        submit_job,
        "jobs",
        {
            202: Answer(
                "Taken over for good.", Accepted, headers={"Location": "its status", REPLAYED: "true for a known key"}
            ),
            200: Answer("The plan, where dry_run is true.", PlanBody),
        },
        (400, 413, 415, 422, 507),
        SubmissionQuery,
        {IDEMPOTENCY_KEY: "any text of yours; the same text with the same document gives the same job"},
        Body(JSON, "a job document", JOB_DOCUMENT),
    ),
    Operation(
        "GET",
        "/api/v1/schemas/job.json",
        get_job_schema,
        "jobs",
        {200: Answer("The schema.", media_type="application/schema+json")},
    ),
)
