"""The client's part for what the service has to offer."""

from typing import cast
from urllib.parse import quote

from lmsvc.client.calls import API, Calls
from lmsvc.client.models import Dataset, Pool, Record, Tool


class SiteCalls(Calls):
    """Tools, datasets, pools, and the service itself."""

    def tools(self) -> list[Tool]:
        """Return all registered tools."""
        return list(self._all(f"{API}/tools", "tools"))

    def tool(self, name: str) -> Tool:
        """Return one tool with its inputs and outputs."""
        return cast(Tool, self._object("GET", f"{API}/tools/{quote(name, safe='')}"))

    def datasets(self) -> list[Dataset]:
        """Return the site's datasets."""
        return list(self._all(f"{API}/datasets", "datasets"))

    def pools(self) -> list[Pool]:
        """Return the pools with their slots as they are now."""
        return list(self._all(f"{API}/pools", "pools"))

    def openapi(self) -> Record:
        """Return the API's own description."""
        return cast(Record, self._object("GET", "/openapi.json"))

    def ready(self) -> bool:
        """Return whether the service takes jobs now."""
        self._transport.send("GET", "/readyz")
        return True
