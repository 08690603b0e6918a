"""What columns hold, in both databases the same."""

import json

from peewee import Field, Model

_UNSTORABLE = {0: "\ufffd"} | {code: "\ufffd" for code in range(0xD800, 0xE000)}


class Text(Field):
    """Any text; what neither database can hold (NUL, lone surrogates) becomes U+FFFD."""

    field_type = "TEXT"

    def db_value(self, value: object) -> str | None:
        """Return the text as both databases can hold it."""
        return None if value is None else str(value).translate(_UNSTORABLE)


class Json(Field):
    """A JSON value kept as ASCII text, so that both databases keep every string and the order of keys."""

    field_type = "TEXT"

    def db_value(self, value: object) -> str | None:
        """Return the value as text; raises ValueError for what JSON cannot say, such as NaN."""
        return None if value is None else json.dumps(value, separators=(",", ":"), allow_nan=False)

    def python_value(self, value: str | None) -> object:
        """Return the value of the text."""
        return None if value is None else json.loads(value)


class Table(Model):
    """Base of all tables: named as its class, without peewee's own key."""

    class Meta:
        """What peewee is to know."""

        primary_key = False
        legacy_table_names = False
