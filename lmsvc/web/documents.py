"""The document that a job was submitted with, to be looked at or submitted again."""

import json
from dataclasses import replace

from flask import Response

from lmsvc.store.records import Job
from lmsvc.web.access import identity
from lmsvc.web.openapi import JOB_DOCUMENT
from lmsvc.web.operations import JSON, Answer, Operation
from lmsvc.web.problems import not_found
from lmsvc.web.services import services
from lmsvc.web.status import head_or_404


def get_document(job_id: str) -> Response:
    """Show the document a job was submitted with; submitted again it makes the same job anew."""
    text = json.dumps(job_or_404(job_id).document, indent=2, ensure_ascii=False)
    return Response(f"{text}\n", content_type=JSON)


def job_or_404(job_id: str) -> Job:
    """Return a job with its document, to guests without whom it tells.

    Raises:
        Problem: 404.
    """
    head_or_404(job_id)
    job = services().store.job(job_id)
    if job is None:
        raise not_found(f"There is no job {job_id}.")
    if identity().owns(job.user):
        return job
    return replace(job, document={name: value for name, value in job.document.items() if name != "notify"})


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/jobs/{job_id}/document",
        get_document,
        "jobs",
        {200: Answer(f"The {JOB_DOCUMENT}.", media_type=JSON)},
        (404,),
    ),
)
