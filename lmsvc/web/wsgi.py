"""For gunicorn: `gunicorn "lmsvc.web.wsgi:app_from_environment()"`."""

import logging

from flask import Flask

from lmsvc.settings import Settings
from lmsvc.store import open_store
from lmsvc.web.app import create_app


def app_from_environment() -> Flask:
    """Make the application from `LMSVC_*` variables and the file named by `LMSVC_CONFIG`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(settings.database_url)
    store.migrate()
    return create_app(settings, store)
