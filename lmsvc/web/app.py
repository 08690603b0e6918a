"""The web application."""

from flask import Flask

from lmsvc.settings import Settings
from lmsvc.store import Store
from lmsvc.web import formats, metrics, openapi, problems, security, services
from lmsvc.web.api import OPERATIONS
from lmsvc.web.services import Services
from lmsvc.web.uploads import forget_incomplete

FORM_BYTES = 100_000


def create_app(settings: Settings, store: Store) -> Flask:
    """Make the web application over a store whose tables are there.

    Raises:
        RegistryError: a tool or dataset description has faults.
    """
    app = Flask("lmsvc.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = FORM_BYTES
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.url_map.merge_slashes = False
    found = Services.of(settings, store)
    services.install(app, found)
    security.install(app)
    metrics.install(app, found)
    problems.register(app)
    formats.install(app)
    _route(app)
    forget_incomplete(found.paths)
    return app


def _route(app: Flask) -> None:
    openapi.remember(app.extensions, OPERATIONS)
    for operation in OPERATIONS:
        app.add_url_rule(
            operation.rule,
            operation.name,
            operation.bound(),
            methods=[operation.method],
            provide_automatic_options=False,
        )
