"""Pages for people: rendered here, readable without a script; scripts keep them moving."""

from flask import Flask

from lmsvc.web.pages import actions, catalogue, items, job, jobs, logs, rendering, results, static, words
from lmsvc.web.pages.next_steps import advice
from lmsvc.web.pages.previews import kind_of

OPERATIONS = (
    *jobs.OPERATIONS,
    *job.OPERATIONS,
    *items.OPERATIONS,
    *logs.OPERATIONS,
    *results.OPERATIONS,
    *catalogue.OPERATIONS,
    *actions.OPERATIONS,
    *static.OPERATIONS,
)


def install(app: Flask) -> None:
    """Give templates what they need."""
    rendering.install(app)
    static.install(app)
    app.template_filter("advice")(advice)
    app.template_filter("kind")(kind_of)
    app.template_filter("file_name")(results.file_name)
    app.template_filter("ending")(words.ending)
    app.template_filter("shell_words")(words.shell_words)
    app.template_filter("type_words")(words.type_words)
    app.template_filter("category_words")(words.category_words)
