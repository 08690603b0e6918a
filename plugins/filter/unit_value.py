"""Filter for values of settings in the environment of a container's unit."""

import json
from collections.abc import Callable


def unit_value(value: object) -> str:
    r"""Return a setting as the service reads it from its environment, safe between the single quotes of a unit file.

    Texts stand for themselves, all else is JSON. A unit file takes `\` and `'` only after a `\`, `%` only doubled.
    """
    text = value if isinstance(value, str) else json.dumps(value)
    if "\n" in text:
        raise ValueError("a setting stands on one line")
    return text.replace("\\", "\\\\").replace("'", "\\'").replace("%", "%%")


class FilterModule:
    """The filter, as Ansible looks it up."""

    def filters(self) -> dict[str, Callable[[object], str]]:
        """Return the filter by name."""
        return {"unit_value": unit_value}
