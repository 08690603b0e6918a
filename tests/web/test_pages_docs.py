"""The how-to pages of the web name what stands on the pages."""

import re
from pathlib import Path

import pytest

from lmsvc.web.pages.rendering import NAVIGATION

ROOT = Path(__file__).resolve().parents[2]
LABEL = re.compile(r"(?<!\*)\*([^*|]+)\*(?!\*)")
SOURCES = [*(ROOT / "lmsvc" / "web" / "templates").glob("*.html"), *(ROOT / "frontend" / "src").glob("*.js")]


@pytest.mark.parametrize("name", ["watch-on-the-web", "submit-on-the-web", "share-a-job"])
def test_labels_in_italics_stand_on_the_pages(name: str) -> None:
    """What a how-to page writes in italics is a label that a page has, word for word."""
    shown = " ".join(path.read_text(encoding="utf-8") for path in SOURCES) + " ".join(title for _, title in NAVIGATION)
    labels = LABEL.findall((ROOT / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8"))
    assert len(labels) >= 2
    assert [label for label in labels if label not in shown] == []
