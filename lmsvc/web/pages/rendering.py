"""How a page becomes an answer."""

from flask import Flask, Response, current_app, render_template, request

from lmsvc.web.answers import etag

HTML = "text/html"

NAVIGATION = (
    ("jobs_page", "Jobs"),
    ("new_page", "New job"),
    ("pools_page", "Pools"),
    ("tools_page", "Tools"),
    ("docs", "API"),
)

SECTIONS = {
    "jobs_page": ("job_page", "items_page", "step_page", "files_page", "file_page"),
    "tools_page": ("tool_page",),
}
"""Pages below the main ones."""


def page(template: str, **facts: object) -> Response:
    """Render a page; one that keeps itself up to date gets 304 while it stayed the same."""
    text = render_template(template, **facts)
    response = Response(text, content_type=f"{HTML}; charset=utf-8")
    response.set_etag(etag(text))
    response.make_conditional(request)
    return response


def to(address: str) -> Response:
    """Send the browser on to a page."""
    return Response(status=303, headers={"Location": address})


def navigation() -> list[tuple[str, str]]:
    """Return the main pages of this service as (operation, name)."""
    return [entry for entry in NAVIGATION if entry[0] in current_app.view_functions]


def install(app: Flask) -> None:
    """Let templates name the main pages."""
    app.template_global("navigation")(navigation)
    app.jinja_env.globals["sections"] = SECTIONS
    app.jinja_env.globals["operations"] = app.view_functions
