"""``lmsvc controller``: the controller as a process."""

import logging
import sys

from lmsvc.cctools.password import fingerprint
from lmsvc.controller import garbage
from lmsvc.controller.service import Controller
from lmsvc.pools import PoolsPage
from lmsvc.settings import Settings
from lmsvc.store.store import open_store


def main(settings: Settings) -> None:
    """Run a controller in the foreground until it is asked to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    check_passwords(settings)
    store = open_store(settings.database_url)
    store.migrate()
    controller = Controller(settings, store)
    with garbage.collected_by_hand():
        controller.run()


def check_passwords(settings: Settings) -> None:
    """End the program where the password of a pool cannot be read, and say which."""
    for pool in PoolsPage(settings).pools():
        try:
            fingerprint(settings.password_file(pool))
        except OSError as error:
            sys.exit(f"the password of pool {pool} cannot be read: {error}; see LMSVC_PASSWORD_DIR")
