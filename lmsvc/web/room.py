"""The disk reserve: new work is refused before the disk is full, so that what was accepted can be finished."""

import shutil

from lmsvc.web.files import free_bytes
from lmsvc.web.problems import Problem
from lmsvc.web.services import services

MEGABYTE = 1_000_000


def disk_share(size: int) -> float:
    """Return which share of the service's disk so many bytes are, 0 to 1."""
    total = shutil.disk_usage(services().settings.data_dir).total
    return min(1.0, size / total) if total else 0.0


def require_room(wanted_bytes: int = 0) -> None:
    """Refuse the request where it would leave less free disk than the reserve.

    Raises:
        Problem: 507.
    """
    settings = services().settings
    free = free_bytes(settings.data_dir)
    if free - wanted_bytes < settings.limits.reserve_mb * MEGABYTE:
        detail = (
            f"{free // MEGABYTE} MB are free in the data directory, {settings.limits.reserve_mb} MB of them are kept"
            " in reserve. Nothing was stored; delete old jobs and uploads, or ask the operator for room."
        )
        raise Problem(507, "no-space", detail)
