"""Pages for people: rendered here, readable without a script; scripts keep them moving."""

from flask import Flask

from lmsvc.web.pages import actions, job, jobs, rendering, static

OPERATIONS = (*jobs.OPERATIONS, *job.OPERATIONS, *actions.OPERATIONS, *static.OPERATIONS)


def install(app: Flask) -> None:
    """Give templates what they need."""
    rendering.install(app)
    static.install(app)
