"""What a page says to do next where something went wrong."""

from collections.abc import Mapping
from typing import Final

_BY_NAME: Final[Mapping[str, str]] = {
    "busy": "Somebody else is changing the same thing. Wait a moment, then try again.",
    "cross-site": "Begin on a page of this service instead of a link elsewhere.",
    "forbidden": "Sign in with a token that may do this. You can make one on your account's page; for more than your "
    "account may, ask the people who run this service.",
    "internal-error": "Try again. If it happens again, tell the people who run this service the number of the request "
    "below: the service's log has the cause under it.",
    "invalid-document": "Go back, mend what is named, and send it again.",
    "invalid-query": "A part of the address is wrong. Begin with the list of jobs.",
    "malformed-document": "Go back, mend what is named, and send it again.",
    "no-space": "Delete results that you no longer need, and tell the people who run this service.",
    "not-found": "Look whether the address is complete. A job that its owner deleted is gone, and jobs of others are "
    "only seen by a link that their owner made.",
    "not-plannable": "Ask for less per item, or ask the people who run this service for larger slots.",
    "quota-exceeded": "Delete jobs and results that you no longer need, wait until some of yours are done, or ask the "
    "people who run this service for more. Your account's page shows what you have.",
    "stale-form": "Go back, load that page again, and send the form once more: its page was open for too long, or you "
    "have signed in or out since.",
    "too-large": "Give the file on the page of a new job: large files are sent in parts there. For a document, leave "
    "out what is not needed.",
    "too-many-requests": "Nothing is lost. Wait a moment and load the page again; close windows that you do not need.",
    "unauthorized": "Sign in with your token. Without one, ask the people who run this service.",
    "unavailable": "Nothing is lost, and jobs go on. Wait a moment, then try again.",
    "wrong-state": "The job has gone on meanwhile. Go back to it to see how it is.",
}
_OF_THE_SERVICE: Final = _BY_NAME["internal-error"]
_OF_THE_REQUEST: Final = "Go back and try it in another way. If that does not help, begin with the list of jobs."


def advice(kind: str, status: int) -> str:
    """Return what somebody who met a problem can do.

    Args:
        kind: the type of the problem, `urn:lmsvc:` and its name.
        status: HTTP status of the answer.
    """
    return _BY_NAME.get(kind.rpartition(":")[2], _OF_THE_SERVICE if status >= 500 else _OF_THE_REQUEST)
