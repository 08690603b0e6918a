"""Preflight's check of variables: known to a role, of the right type, and none missing."""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Finding = tuple[str, str, str, str]
"""Host or ``site``, check, what was found, what to do."""

Options = dict[str, dict[str, Any]]

FOREIGN = ("ansible_", "__")
TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "dict": (dict, Mapping),
    "float": (int, float),
    "int": (int,),
    "list": (list, tuple),
    "path": (str,),
    "raw": (object,),
    "str": (str,),
}


def preflight_options(roles: str) -> Options:
    """Return all options of all entry points of the roles in a directory."""
    specs = [yaml.safe_load(path.read_bytes()) for path in sorted(Path(roles).glob("*/meta/argument_specs.yml"))]
    points = (point for spec in specs for point in spec["argument_specs"].values())
    return {name: dict(option) for point in points for name, option in point.get("options", {}).items()}


def preflight_written(listed: str) -> dict[str, dict[str, Any]]:
    """Return each host's variables as they are written, from what ``ansible-inventory --list`` prints."""
    return dict(json.loads(listed)["_meta"]["hostvars"])


def preflight_variables(hosts: Mapping[str, Mapping[str, Any]], options: Options) -> list[Finding]:
    """Find variables of the inventory that no role knows, and those of a wrong type."""
    owners: dict[str, list[str]] = {}
    for host, values in hosts.items():
        for name in values:
            owners.setdefault(name, []).append(host)
    return [
        *_unknown({name: found for name, found in owners.items() if not name.startswith(FOREIGN)}, hosts, options),
        *_wrong(hosts, options),
    ]


def _unknown(owners: Mapping[str, list[str]], hosts: Mapping[str, object], options: Options) -> Iterator[Finding]:
    for name in sorted(set(owners) - set(options)):
        near = difflib.get_close_matches(name, options, 1, 0.6)
        remedy = f"did you mean {near[0]}?" if near else "remove it; roles/*/README.md list those there are"
        where = "site" if len(owners[name]) == len(hosts) else owners[name][0]
        others = f" (also on {', '.join(owners[name][1:])})" if where != "site" and owners[name][1:] else ""
        yield where, "variables", f"no role knows {name}{others}", remedy


def _wrong(hosts: Mapping[str, Mapping[str, Any]], options: Options) -> Iterator[Finding]:
    seen = set()
    for host, values in hosts.items():
        for name in sorted(set(values) & set(options)):
            found = _mismatch(values[name], options[name])
            if found and not name.startswith("site_") and (name, found) not in seen:
                seen.add((name, found))
                yield host, "variables", f"{name} {found}", _text(options[name])


def preflight_settings(site: Mapping[str, Any], options: Options) -> list[Finding]:
    """Find settings of the site that are missing, or of a wrong type or value."""
    wanted = {name: option for name, option in options.items() if name.startswith("site_")}
    needed = [name for name, option in wanted.items() if option.get("required") and name not in site]
    missing = [(name, "is missing", "copy its line from inventories/example") for name in needed]
    wrong = [(name, _mismatch(site[name], option), _text(option)) for name, option in wanted.items() if name in site]
    return [("site", "settings", f"{name} {found}", remedy) for name, found, remedy in missing + wrong if found]


def preflight_typed(site: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """Return the settings whose types are right, which other checks may look at."""
    return {name: value for name, value in site.items() if not _mismatch(value, options.get(name, {"type": "raw"}))}


def _text(option: Mapping[str, Any]) -> str:
    text = option["description"]
    return text if isinstance(text, str) else " ".join(text)


def _mismatch(value: object, option: Mapping[str, Any]) -> str:
    """Return how a value differs from its specification; nothing where it fits or is a template."""
    wanted = option.get("type", "str")
    if isinstance(value, str) and "{{" in value:
        return ""
    if not isinstance(value, TYPES[wanted]) or (isinstance(value, bool) and wanted in ("int", "float")):
        return f"is {value!r}, not of type {wanted}"
    if option.get("choices") and value not in option["choices"]:
        return f"is {value!r}, not one of {', '.join(map(str, option['choices']))}"
    if isinstance(value, list | tuple) and option.get("elements"):
        bad = [found for item in value if (found := _mismatch(item, {"type": option["elements"]}))]
        return f"has an item that {bad[0]}" if bad else ""
    return _inner_mismatch(value, option["options"]) if isinstance(value, Mapping) and "options" in option else ""


def _inner_mismatch(values: Mapping[str, object], options: Options) -> str:
    """Return what is wrong with the first of several values that has a fault."""
    for name, value in values.items():
        if name not in options:
            return f"has {name}, which nobody knows; there are {', '.join(options)}"
        if found := _mismatch(value, options[name]):
            return f"{name} {found}"
    return ""


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        functions = (preflight_options, preflight_written, preflight_variables, preflight_settings, preflight_typed)
        return {function.__name__: function for function in functions}
