"""The log: every line names the request and the user it belongs to; changes and refusals have a line of their own."""

import logging
import time
from urllib.parse import quote

from flask import Flask, Response, g, has_request_context, request

from lmsvc.web.access import identity

FORMAT = "%(asctime)s %(levelname)s %(request_id)s %(user)s %(name)s %(message)s"
NOTHING = "-"

_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
_log = logging.getLogger(__name__)


class RequestFacts(logging.Filter):
    """Adds to each record the request it was made in, and who asks."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with `request_id` and `user`."""
        inside = has_request_context()
        record.request_id = g.get("request_id", NOTHING) if inside else NOTHING
        record.user = (identity().user or NOTHING) if inside else NOTHING
        return True


def configure() -> None:
    """Write the log to standard error with these facts in every line."""
    handler = logging.StreamHandler()
    handler.addFilter(RequestFacts())
    handler.setFormatter(logging.Formatter(FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def install(app: Flask) -> None:
    """Log each request that changes something or is refused."""
    app.after_request(_note)


def _note(response: Response) -> Response:
    if request.method not in _LOOKING or response.status_code >= 400:
        milliseconds = 1000 * (time.monotonic() - g.began)
        _log.info("%s %s %s %d ms", request.method, _path(), response.status_code, milliseconds)
    return response


def _path() -> str:
    """Return the path on one line, without the secret of a share link."""
    rule = request.url_rule
    return rule.rule if rule is not None and "secret" in rule.rule else quote(request.path)
