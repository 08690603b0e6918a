"""``lmsvc controller``: the controller as a process."""

import logging

from lmsvc.controller.service import Controller
from lmsvc.settings import Settings
from lmsvc.store.store import open_store


def main(settings: Settings) -> None:
    """Run a controller in the foreground until it is asked to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    store = open_store(settings.database_url)
    store.migrate()
    Controller(settings, store).run()
