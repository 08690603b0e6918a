"""Make directories and write files of a host in one run, where a task for each would take two runs a file."""

import os
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: place_files
short_description: Make directories and write files of a host in one run
description: A run that finds everything as wanted changes nothing. Directories above a file are made where missing.
author: lmsvc
options:
  directories:
    description: >-
      Directories in the order of making, each with path, mode (0755), owner (a number; the login), and whether it is
      exact (false): whatever is in it and not among the files below is then removed.
    type: list
    elements: dict
    default: []
  files:
    description: Files, each with path, content, mode (0644), owner, and a command to validate a new one (%s).
    type: list
    elements: dict
    default: []
"""
RETURN = """
written:
  description: Paths of the directories and files that were changed, or would be.
  type: list
  elements: str
  returned: always
"""

OTHER = "another mode or owner\n"
PATH: dict[str, Any] = {"path": {"type": "path", "required": True}, "owner": {"type": "str"}}
DIRECTORY = PATH | {"mode": {"type": "str", "default": "0755"}, "exact": {"type": "bool", "default": False}}
FILE = PATH | {
    "mode": {"type": "str", "default": "0644"},
    "content": {"type": "str", "required": True},
    "validate": {"type": "str"},
}
OPTIONS: dict[str, Any] = {
    "directories": {"type": "list", "elements": "dict", "default": [], "options": DIRECTORY},
    "files": {"type": "list", "elements": "dict", "default": [], "options": FILE},
}


def attributes(module: AnsibleModule, path: Path, wanted: dict[str, Any]) -> bool:
    """Give a path its mode and owner; tell whether it had others."""
    owner, group = wanted["owner"] or str(os.geteuid()), wanted["owner"] or str(os.getegid())
    given = module.load_file_common_arguments(
        {"path": str(path), "mode": wanted["mode"], "owner": owner, "group": group}
    )
    return bool(module.set_fs_attributes_if_different(given, changed=False))


def place_directory(module: AnsibleModule, wanted: dict[str, Any]) -> dict[str, str] | None:
    """Make a directory; return how it differed, if it did."""
    path = Path(wanted["path"]).resolve()
    missing = not path.is_dir()
    if missing and not module.check_mode:
        path.mkdir(parents=True)
    changed = missing if not path.is_dir() else attributes(module, path, wanted) or missing
    return difference(path, "absent\n" if missing else OTHER, f"directory {wanted['mode']}\n") if changed else None


def place_file(module: AnsibleModule, wanted: dict[str, Any]) -> dict[str, str] | None:
    """Write a file unless it has its content; return how it differed, if it did."""
    path = Path(wanted["path"]).resolve()
    before = path.read_bytes().decode("utf-8", "replace") if path.is_file() else None
    other = before != wanted["content"]
    if other and not module.check_mode:
        write(module, path, wanted)
    mended = path.exists() and attributes(module, path, wanted)
    if other:
        return difference(path, before or "", wanted["content"])
    return difference(path, OTHER, f"mode {wanted['mode']}\n") if mended else None


def remove_others(module: AnsibleModule) -> dict[str, dict[str, str]]:
    """Remove the files in exact directories that are not wanted; return how those were, by path."""
    wanted = {str(Path(file["path"]).resolve()) for file in module.params["files"]}
    exact = [Path(line["path"]).resolve() for line in module.params["directories"] if line["exact"]]
    others = [path for place in exact for path in sorted(place.glob("*")) if path.is_file() and str(path) not in wanted]
    for path in others:
        if not module.check_mode:
            path.unlink()
    return {str(path): difference(path, "present\n", "") for path in others}


def write(module: AnsibleModule, path: Path, wanted: dict[str, Any]) -> None:
    """Put a file in its place at once, after the command that checks it has accepted it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(wanted["content"])
    if wanted["validate"]:
        code, output, errors = module.run_command(wanted["validate"] % name)
        if code != 0:
            module.fail_json(msg=f"{path} is not written: {wanted['validate'] % name} refuses it: {output}{errors}")
    module.atomic_move(name, str(path))


def difference(path: Path, before: str, after: str) -> dict[str, str]:
    """Return one entry of what --diff shows."""
    return {"before": before, "after": after, "before_header": str(path), "after_header": str(path)}


def main() -> None:
    """Place all and answer with what was changed."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    made = {wanted["path"]: place_directory(module, wanted) for wanted in module.params["directories"]}
    made |= {wanted["path"]: place_file(module, wanted) for wanted in module.params["files"]}
    made |= remove_others(module)
    changes = {path: change for path, change in made.items() if change}
    module.exit_json(changed=bool(changes), written=list(changes), diff=list(changes.values()))


if __name__ == "__main__":
    main()
