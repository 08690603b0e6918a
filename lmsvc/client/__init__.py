"""A small typed client of the HTTP API: ``from lmsvc.client import Client``."""

from importlib import import_module
from typing import TYPE_CHECKING

from lmsvc.client.errors import ApiError, ClientError, NotTrusted, ServiceUnreachable, StillRunning

if TYPE_CHECKING:
    from lmsvc.client.client import Client
    from lmsvc.client.following import Event

__all__ = ["ApiError", "Client", "ClientError", "Event", "NotTrusted", "ServiceUnreachable", "StillRunning"]

_LATER = {"Client": "lmsvc.client.client", "Event": "lmsvc.client.following"}


def __getattr__(name: str) -> object:
    """Import what needs the HTTP library when it is asked for."""
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(name)
