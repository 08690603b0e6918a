"""The how-to about adding a pool, as somebody does it who follows its words."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.ansible.tree import ROOT

PAGE = ROOT / "docs" / "how-to" / "add-a-pool.md"
FILE = re.compile(r"`(site/[^`]+)`:\n\n *```\w*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SETTINGS = re.compile(r"`group_vars/all/\w+\.yml`:\n\n *```text\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Followed:
    """What has come of the page: files below a directory, and settings for the inventory that name them there."""

    directory: Path
    settings: dict[str, Any]


def follow(directory: Path) -> Followed:
    """Write the page's files below a directory and return its settings."""
    text = PAGE.read_text(encoding="utf-8")
    for name, content in FILE.findall(text):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content), encoding="utf-8")
    for name in re.findall(r"`chmod \+x (site/[^`]+)`", text):
        (directory / name).chmod(0o755)
    settings: dict[str, Any] = {}
    for block in SETTINGS.findall(text):
        settings |= yaml.safe_load(textwrap.dedent(block).replace(": site/", f": {directory}/site/"))
    return Followed(directory, settings)
