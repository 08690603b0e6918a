"""Every role has the same shape: reading one is reading all."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ansible.tree import PLAYBOOKS, ROLES, ROOT, TYPES, options, role_name, table, tasks
from tests.test_conventions import texts

SUPPRESSIONS = re.compile("|".join((r"skip_" + "list", "warn_" + "list", "#" + r"\s*no" + "qa", "yamllint" + " dis")))
KINDS = ("tasks", "pre_tasks", "post_tasks", "handlers")
MOST_LINES = 90
MOST_ROLE_LINES = 220
of_each_role = pytest.mark.parametrize("role", ROLES, ids=role_name)


@of_each_role
def test_defaults_equal_the_argument_specification(role: Path) -> None:
    """Each argument is required or has the same default in both places."""
    specified = {name: option["default"] for name, option in options(role).items() if not option.get("required")}
    assert table(role / "defaults" / "main.yml") == specified


@of_each_role
def test_defaults_are_of_their_type(role: Path) -> None:
    """A default is what the specification says it is."""
    given = {name: option for name, option in options(role).items() if "default" in option}
    plain = {name: option for name, option in given.items() if "{{" not in str(option["default"])}
    assert [name for name, option in plain.items() if not isinstance(option["default"], TYPES[option["type"]])] == []


@of_each_role
def test_each_argument_is_described(role: Path) -> None:
    """Each argument has a type and a sentence that says what it means for the operator."""
    bare = [name for name, option in options(role).items() if "type" not in option or not option.get("description")]
    assert bare == []


@of_each_role
def test_each_default_has_a_comment(role: Path) -> None:
    """Above each default stands what changing it means."""
    path = role / "defaults" / "main.yml"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    starts = [number for number, line in enumerate(lines) if re.match(r"[a-z]\w*:", line)]
    assert [lines[number] for number in starts if not lines[number - 1].startswith("# ")] == []


@of_each_role
def test_names_of_arguments_begin_with_the_role(role: Path) -> None:
    """Whoever sees a variable knows whose it is; what a role keeps to itself begins with two underscores."""
    assert [name for name in options(role) if not name.startswith(f"{role.name}_")] == []
    own = table(role / "vars" / "main.yml")
    assert [name for name in own if not name.startswith(f"__{role.name}_")] == []


@of_each_role
def test_roles_read_neither_groups_nor_other_hosts(role: Path) -> None:
    """Only wiring.yml connects hosts."""
    files = [
        path for part in ("tasks", "templates", "vars", "handlers", "defaults") for path in (role / part).rglob("*.*")
    ]
    pattern = re.compile(r"\bhostvars\b|\bgroups(\.|\[)|\bgroup_names\b")
    assert [str(path) for path in files if pattern.search(path.read_text(encoding="utf-8"))] == []


@of_each_role
def test_files_are_of_a_size_to_read(role: Path) -> None:
    """A task file and a template are read at one sitting, and so are all tasks of a role."""
    counts = {path: path.read_text(encoding="utf-8").count("\n") for path in (role / "tasks").glob("*.yml")}
    assert {path.name: count for path, count in counts.items() if count > MOST_LINES} == {}
    assert sum(counts.values()) <= MOST_ROLE_LINES
    templates = {path.name: path.read_text(encoding="utf-8").count("\n") for path in (role / "templates").rglob("*.j2")}
    assert {name: count for name, count in templates.items() if count > MOST_LINES} == {}


@of_each_role
def test_handlers_say_what_they_restart(role: Path) -> None:
    """A handler reloads or restarts, and names what."""
    path = role / "handlers" / "main.yml"
    names = [task["name"] for task in tasks(path)] if path.is_file() else []
    assert [name for name in names if not re.fullmatch(r"(Reload|Restart|Start|Stop) [a-z][\w@. -]*", name)] == []


@of_each_role
def test_every_notified_handler_exists(role: Path) -> None:
    """No task notifies a handler that its role does not have."""
    path = role / "handlers" / "main.yml"
    handlers = {task["name"] for task in tasks(path)} if path.is_file() else set()
    notified = [task["notify"] for file in (role / "tasks").glob("*.yml") for task in tasks(file) if "notify" in task]
    names = {name for one in notified for name in ([one] if isinstance(one, str) else one)}
    assert {name for name in names - handlers if "{{" not in name} == set()


@of_each_role
def test_work_on_the_control_node_needs_no_rights(role: Path) -> None:
    """What is done on the control node is done as whoever runs the playbook, even where hosts need sudo."""
    delegated = [task for file in (role / "tasks").glob("*.yml") for task in tasks(file) if _is_local(task)]
    assert [task["name"] for task in delegated if task.get("become") is not False] == []


def _is_local(task: dict[str, object]) -> bool:
    return task.get("delegate_to") == "localhost"


@of_each_role
def test_quadlet_units_are_named_for_their_role(role: Path) -> None:
    """One word in many places: the stem of a unit is the role's name, or a service that the role keeps beside it."""
    beside = {"web": {"proxy"}}
    stems = [path.name.split(".")[0].removeprefix("lmsvc-") for path in (role / "templates").rglob("*.container.j2")]
    assert set(stems) <= {role.name, *beside.get(role.name, set())}


def test_playbooks_hold_no_tasks() -> None:
    """A chapter is a list of roles, or of parts of roles; site.yml is a list of chapters."""
    plays = [(path.name, play) for path in PLAYBOOKS for play in tasks(path)]
    inner = [(name, task) for name, play in plays for kind in KINDS for task in play.get(kind, [])]
    assert [(name, task) for name, task in inner if "ansible.builtin.import_role" not in task] == []
    assert [play for name, play in plays if name == "site.yml" and "ansible.builtin.import_playbook" not in play] == []


def test_every_playbook_is_explained() -> None:
    """Each playbook has a section of the reference page, and each section a playbook."""
    text = (ROOT / "docs" / "reference" / "playbooks.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### ([\w.]+\.yml)$", text, re.MULTILINE)) == {path.name for path in PLAYBOOKS}


def test_role_pages_are_what_the_specifications_say() -> None:
    """`make docs` would change no role's page."""
    words = [sys.executable, "scripts/role_pages.py", "--check"]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_no_ansible_check_is_silenced() -> None:
    """Neither ansible-lint nor yamllint is told to look away."""
    assert [
        name for name, text in texts("*.yml", "*.yaml", "*.cfg", ".ansible-lint") if SUPPRESSIONS.search(text)
    ] == []
