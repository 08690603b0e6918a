"""Templates of roles rendered by Ansible itself, for a host of the example inventory."""

import json
import subprocess
from pathlib import Path

from tests.ansible.tree import EXAMPLE, PROGRAMS, ROLES, ROOT, Table, table

LOOPS = {"__worker_pool": "{{ worker_pools | first }}", "__worker_shape": "{{ worker_pools[__worker_pool] }}"}
"""Some templates are one unit of several; this is what their loop gives them."""

FACTS = {"processor_nproc": 4}
"""What roles ask of a host before they write a file there."""

SIZE = {"cores": 4, "memory_mb": 8000}
"""What a host says of itself before its pools are set up."""


def templates(*patterns: str) -> list[Path]:
    """Return the templates of all roles that match."""
    return sorted(path for role in ROLES for pattern in patterns for path in (role / "templates").rglob(pattern))


def variables() -> Table:
    """Return what roles bring themselves, where the inventory does not say otherwise."""
    wired = table(EXAMPLE / "group_vars" / "all" / "wiring.yml")
    brought = [table(role / part / "main.yml") for role in ROLES for part in ("defaults", "vars")]
    own = {name: value for part in brought for name, value in part.items() if name not in wired}
    return own | LOOPS | {"ansible_facts": FACTS, "__pools_probe": {"facts": SIZE}}


def evaluate(
    expression: str, host: str, directory: Path, inventory: Path = EXAMPLE, more: Table | None = None
) -> Table:
    """Return what an expression comes to for a host of an inventory; the directory takes a file of variables.

    Args:
        expression: in Jinja's words.
        host: of the inventory.
        directory: for the files needed.
        inventory: that names the host.
        more: variables beside those of roles.
    """
    file = directory / "variables.json"
    file.write_text(json.dumps(variables() | (more or {})), encoding="utf-8")
    words = [str(PROGRAMS / "ansible"), host, "-i", str(inventory), "--playbook-dir", "playbooks", "-c", "local"]
    task = {"content": f"{{{{ {expression} }}}}", "dest": str(directory / "out")}
    words += ["-e", f"@{file}", "-m", "ansible.builtin.copy", "-a", json.dumps(task)]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return dict(json.loads((directory / "out").read_bytes()))


def rendered(paths: list[Path], host: str, directory: Path, more: Table | None = None) -> dict[Path, str]:
    """Return the text of templates on a host, with more variables."""
    pairs = ", ".join(f"'{path}': lookup('ansible.builtin.template', '{path}')" for path in paths)
    return {Path(path): text for path, text in evaluate(f"{{{pairs}}} | to_json", host, directory, more=more).items()}
