"""The web application."""

from flask import Flask

from lmsvc.settings import Settings
from lmsvc.store import Store
from lmsvc.web import (
    access,
    formats,
    metrics,
    new,
    openapi,
    pages,
    problems,
    request_log,
    resumable,
    security,
    services,
    unread,
)
from lmsvc.web.api import OPERATIONS
from lmsvc.web.operations import RestConverter
from lmsvc.web.services import Services


def create_app(settings: Settings, store: Store) -> Flask:
    """Make the web application over a store whose tables are there.

    Raises:
        RegistryError: a tool or dataset description has faults.
    """
    app = Flask("lmsvc.web", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.url_map.merge_slashes = False
    app.url_map.converters["rest"] = RestConverter
    found = Services.of(settings, store)
    services.install(app, found)
    unread.install(app)
    security.install(app, settings)
    resumable.install(app)
    new.install(app, found)
    access.install(app, settings, OPERATIONS)
    request_log.install(app)
    metrics.install(app, found)
    problems.register(app)
    formats.install(app)
    pages.install(app)
    openapi.remember(app.extensions, OPERATIONS, bool(settings.token_file))
    _route(app)
    return app


def _route(app: Flask) -> None:
    for operation in OPERATIONS:
        app.add_url_rule(
            operation.rule,
            operation.name,
            operation.bound(),
            methods=[operation.method],
            provide_automatic_options=False,
        )
