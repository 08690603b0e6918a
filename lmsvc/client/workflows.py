"""The client's part for workflows: job documents that only need a few parameters."""

from collections.abc import Mapping
from typing import cast
from urllib.parse import quote

from lmsvc.client.calls import API, Calls, encode
from lmsvc.client.models import Record


class WorkflowCalls(Calls):
    """Workflows and the documents they make."""

    def workflows(self) -> list[Record]:
        """Return all workflows: name, title, and what each takes and makes."""
        return list(self._all(f"{API}/workflows", "workflows"))

    def workflow(self, name: str) -> Record:
        """Return one workflow, or a tool alone, with the JSON Schema of its parameters."""
        return cast(Record, self._object("GET", _workflow(name)))

    def document(self, name: str, parameters: Mapping[str, object]) -> Record:
        """Return the job document that a workflow makes of parameters, to be submitted.

        Files are named by uploads (`{"upload": id}`) or layers of datasets. A fault raises ``ApiError`` with pointers
        into the parameters.
        """
        answer = self._object("POST", f"{_workflow(name)}/document", content=encode(parameters))
        return cast(Record, cast(Record, answer)["document"])


def _workflow(name: str) -> str:
    return f"{API}/workflows/{quote(name, safe='')}"
