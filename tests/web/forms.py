"""Filling in forms as a browser without scripts does."""

import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

HTML = {"Accept": "text/html"}
File = tuple[str, bytes]


class _Fields(HTMLParser):
    """What a form would send: texts, chosen options, checked boxes."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: MultiDict[str, str] = MultiDict()
        self._select: str | None = None
        self._first: str | None = None
        self._area: str | None = None
        self._option: tuple[bool, str | None] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name"), given.get("value") or ""
        if tag == "input" and name and given.get("type") != "file":
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.fields.add(name, value if "value" in given else "on")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._option = ("selected" in given, given.get("value"))
        elif tag == "textarea":
            self._area = name

    def handle_data(self, data: str) -> None:
        if self._option and self._select:
            selected, value = self._option
            value = data.strip() if value is None else value
            if selected or self._select not in self.fields:
                self.fields[self._select] = value
            self._option = None
        elif self._area:
            self.fields[self._area] = data.removeprefix("\n")
            self._area = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None


class Browser:
    """Shows one page after the other and sends their forms."""

    def __init__(self, client: FlaskClient) -> None:
        """Begin with no page."""
        self._client = client
        self.address = ""
        self.text = ""

    def show(self, address: str) -> str:
        """Load a page, going on where it leads to."""
        response = self._client.get(address, headers=HTML)
        while response.status_code == 303:
            address = response.headers["Location"]
            response = self._client.get(address, headers=HTML)
        assert response.status_code == 200, response.get_data(as_text=True)
        self.address, self.text = address, response.get_data(as_text=True)
        return self.text

    def fields(self) -> MultiDict[str, str]:
        """Return what the page's form would send as it stands."""
        parser = _Fields()
        parser.feed(self.text[self.text.index('<form class="new"') :])
        return parser.fields

    def send(
        self, action: str, changes: Mapping[str, Any] | None = None, files: Mapping[str, list[File]] | None = None
    ) -> TestResponse:
        """Press a button of the page's form after filling in some fields and choosing files."""
        data: dict[str, Any] = {name: values for name, values in self.fields().lists()}
        data |= {"action": action, **(changes or {})}
        for name, contents in (files or {}).items():
            data[name] = [(BytesIO(content), file_name) for file_name, content in contents]
        response = self._client.post(self.address.partition("?")[0], data=data, content_type="multipart/form-data")
        self.text = response.get_data(as_text=True)
        return response

    def faults(self) -> list[str]:
        """Return what the page says is wrong with fields."""
        return [unescape(text) for text in re.findall(r'class="fault"[^>]*>([^<]*)<', self.text)]
