"""Write each role's README.md from its argument specification, or with ``--check`` say which ones are stale."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parent.parent / "roles"
NOTE = "<!-- Written by `make docs` from meta/argument_specs.yml. Change that instead. -->"


def page(role: Path) -> str:
    """Return the page of one role."""
    spec = yaml.safe_load((role / "meta" / "argument_specs.yml").read_bytes())
    chapters = [text for name, point in spec["argument_specs"].items() for text in _chapter(role.name, name, point)]
    return "\n\n".join([f"# {role.name}", NOTE, *chapters]) + "\n"


def _chapter(role: str, name: str, point: Mapping[str, Any]) -> Iterator[str]:
    if name != "main":
        yield f"## {name}"
    yield point["short_description"].rstrip(".") + "."
    yield _text(point["description"])
    options = point.get("options", {})
    required = {key: option for key, option in options.items() if option.get("required")}
    if required:
        rows = [[f"`{key}`", _type(option), _text(option["description"])] for key, option in required.items()]
        yield _table(["required", "type", "meaning"], rows)
    optional = {key: option for key, option in options.items() if key not in required}
    if optional:
        rows = [[f"`{key}`", _type(o), _default(o), _text(o["description"])] for key, o in optional.items()]
        yield _table(["optional", "type", "default", "meaning"], rows)


def _text(value: str | list[str]) -> str:
    return value.strip() if isinstance(value, str) else " ".join(part.strip() for part in value)


def _type(option: Mapping[str, Any]) -> str:
    kind = f"{option['type']} of {option['elements']}" if "elements" in option else str(option["type"])
    return f"{kind}: {', '.join(map(str, option['choices']))}" if "choices" in option else kind


def _default(option: Mapping[str, Any]) -> str:
    return f"`{json.dumps(option['default'])}`"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> int:
    """Write or check all pages."""
    stale = []
    for spec in sorted(ROLES.glob("*/meta/argument_specs.yml")):
        role = spec.parent.parent
        written, wanted = role / "README.md", page(role)
        if not written.exists() or written.read_text(encoding="utf-8") != wanted:
            stale.append(role.name)
            if "--check" not in sys.argv:
                written.write_text(wanted, encoding="utf-8")
    print("\n".join(f"{name}: {'stale' if '--check' in sys.argv else 'written'}" for name in stale))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
