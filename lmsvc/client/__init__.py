"""A small typed client of the HTTP API: ``from lmsvc.client import Client``."""

from importlib import import_module
from typing import TYPE_CHECKING

from lmsvc.client.errors import ApiError, ClientError, NotTrusted, ServiceUnreachable

if TYPE_CHECKING:
    from lmsvc.client.client import Client

__all__ = ["ApiError", "Client", "ClientError", "NotTrusted", "ServiceUnreachable"]


def __getattr__(name: str) -> object:
    """Import ``Client``, and with it the HTTP library, when it is asked for."""
    if name == "Client":
        return import_module("lmsvc.client.client").Client
    raise AttributeError(name)
