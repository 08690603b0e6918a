"""Names of inputs, steps and outputs, and references between them."""

import re
from typing import Annotated, Final, NamedTuple

from pydantic import Field

PATTERN: Final = r"^[a-z][a-z0-9_]{0,63}$"
Name = Annotated[str, Field(pattern=PATTERN)]
"""Lower-case letters, digits and `_`, starting with a letter, at most 64 characters."""

ReferenceText = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}/[a-z][a-z0-9_]{0,63}$")]
"""`inputs/NAME` (an input of the job) or `STEP/OUTPUT`."""

HOST_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
HostName = Annotated[str, Field(pattern=HOST_PATTERN)]
"""A worker host's name: letters, digits, `.`, `_` and `-`, at most 63 characters."""

WEB_ADDRESS: Final = r"^https?://[!-~]+$"
MAIL_ADDRESS: Final = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$"
WebAddress = Annotated[str, Field(pattern=WEB_ADDRESS, max_length=2000)]
MailAddress = Annotated[str, Field(pattern=MAIL_ADDRESS, max_length=254)]

INPUTS: Final = "inputs"
_NAME: Final = re.compile(PATTERN)


class Reference(NamedTuple):
    """A reference taken apart; `step` is None for an input of the job."""

    step: str | None
    name: str

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Take apart a text that is a `ReferenceText`."""
        owner, _, name = text.partition("/")
        return cls(None if owner == INPUTS else owner, name)

    def __str__(self) -> str:
        """Return the reference as it is written."""
        return f"{self.step or INPUTS}/{self.name}"


def is_name(text: str) -> bool:
    """Say whether a text is a `Name`."""
    return _NAME.match(text) is not None and not text.endswith("\n")
