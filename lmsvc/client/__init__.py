"""A small typed client of the HTTP API."""

from lmsvc.client.client import Client
from lmsvc.client.errors import ApiError, ClientError, ServiceUnreachable

__all__ = ["ApiError", "Client", "ClientError", "ServiceUnreachable"]
