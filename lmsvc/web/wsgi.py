"""For gunicorn: `gunicorn "lmsvc.web.wsgi:app_from_environment()"`."""

from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from lmsvc.paths import DataPaths
from lmsvc.settings import Settings
from lmsvc.store import open_store
from lmsvc.web import request_log
from lmsvc.web.app import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def app_from_environment() -> "WSGIApplication":
    """Make the application from `LMSVC_*` variables and the file named by `LMSVC_CONFIG`.

    Behind our proxy, and only there, what it says of the client's address, scheme and host is believed.
    """
    request_log.configure()
    settings = Settings()
    DataPaths(settings.data_dir).make()
    store = open_store(settings.database_url)
    store.migrate()
    app = create_app(settings, store)
    return ProxyFix(app, x_for=1, x_proto=1, x_host=1) if settings.accel_prefix else app
