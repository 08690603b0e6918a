"""Tools of a test's own: shell scripts that do what a decent tool never does."""

from collections.abc import Mapping
from pathlib import Path

import yaml

RESOURCES: Mapping[str, float] = {
    "cores": 1,
    "memory_mb": 100,
    "disk_mb": 50,
    "seconds": 60,
    "seconds_per_item": 0.05,
}
TEXT: Mapping[str, object] = {"text": {"type": "string", "inputBinding": {"position": 1}}}


def shell_tool(
    directory: Path, name: str, script: str, inputs: Mapping[str, object] = TEXT, **resources: float
) -> Path:
    """Describe a tool that runs a script; return the directory of descriptions to give to a service.

    Args:
        directory: of the descriptions; made if it is not there.
        name: the tool's id.
        script: for ``sh -c``; it is to write ``text.txt``.
        inputs: as in a description; by default a `text`, which the script sees as ``$1``.
        resources: what differs from `RESOURCES`.
    """
    directory.mkdir(exist_ok=True)
    description = {
        **{"cwlVersion": "v1.2", "class": "CommandLineTool", "id": name, "label": f"Test tool {name}"},
        **{"category": "utility", "baseCommand": ["/bin/sh", "-c", script, name], "inputs": dict(inputs)},
        "outputs": {"text": {"type": "File", "outputBinding": {"glob": "text.txt"}}},
        "resources": {**RESOURCES, **resources},
    }
    (directory / f"{name}.yaml").write_text(yaml.safe_dump(description, sort_keys=False), encoding="utf-8")
    return directory
