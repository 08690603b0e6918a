"""Exit codes, for scripts."""

from enum import IntEnum
from typing import Self


class Exit(IntEnum):
    """What a finished command says to its caller; ``meaning`` says it to people."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Self:
        """Make a code with its meaning."""
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    OK = 0, "Done as asked; a job that was waited for succeeded."
    JOB_FAILED = 1, "The job that was waited for failed or was cancelled, or a check failed."
    USAGE = 2, "Wrong use of the command, an invalid job document, or an invalid setting."
    UNREACHABLE = 3, "No service answers at the address, or its certificate is not trusted."
    NOT_FOUND = 4, "There is no such job, tool or file."
    REFUSED = (
        5,
        "The service refuses this now: the job's state or the token does not allow it, a bound is reached, or there is"
        " no room.",
    )
    SERVICE_FAULT = 6, "The service failed; its log says why."
    TIMEOUT = 7, "The job had not ended after the time given with `--timeout`; it goes on."
    NO_TOKEN = 8, "The service asks for a token, or the one given is unknown, expired or revoked."
    INTERRUPTED = 130, "Ctrl-C. A job that was submitted goes on."


def exit_of_status(status: int) -> Exit:
    """Return the exit code for an error status of the HTTP API."""
    if status == 401:
        return Exit.NO_TOKEN
    if status in (404, 410):
        return Exit.NOT_FOUND
    if status in (400, 413, 415, 422):
        return Exit.USAGE
    if status in (503, 507) or status < 500:
        return Exit.REFUSED
    return Exit.SERVICE_FAULT
