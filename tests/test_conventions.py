"""Conventions of this repository, kept by tests instead of by hope."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmsvc.cli.root import CHAPTERS

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 250
SUPPRESSIONS = re.compile("|".join(("#" + r"\s*no" + "qa", "#" + r"\s*type:\s*ig" + "nore", "#" + r"\s*pra" + "gma")))
PLACES = re.compile("|".join(("/wo" + "rk/", "/tm" + r"p/x\b", "--(extra-)?index" + "-url [^ ]*://")))


def tracked(*patterns: str) -> list[Path]:
    """Return the repository's own files: tracked ones, and new ones that are not ignored."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for name in sorted(set(listed)) if (path := ROOT / name).is_file()]


def texts(*patterns: str) -> Iterator[tuple[str, str]]:
    """Yield name and content of the repository's text files."""
    for path in tracked(*patterns):
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Yield all functions of a module, also those in classes."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_test_says_in_a_sentence_what_it_shows() -> None:
    """Each test function has a docstring that is a sentence."""
    bare = [
        f"{name}:{function.lineno} {function.name}"
        for name, text in texts("tests/**/test_*.py", "tests/test_*.py")
        for function in functions(ast.parse(text))
        if function.name.startswith("test_") and not (ast.get_docstring(function) or "").rstrip().endswith(".")
    ]
    assert bare == []


def test_no_check_is_silenced() -> None:
    """Neither linters nor types nor coverage are told to look away, anywhere."""
    assert [name for name, text in texts("*.py") if SUPPRESSIONS.search(text)] == []


def test_nothing_names_a_machine_of_its_own() -> None:
    """No path of one machine and no package index stands in a file."""
    assert [name for name, text in texts() if PLACES.search(text)] == []


def test_modules_are_short() -> None:
    """No module of the package has more lines than a reader holds in mind."""
    long = {name: lines for name, text in texts("lmsvc/*.py") if (lines := text.count("\n")) > MOST_LINES}
    allowed = {"lmsvc/worker/step_runner.py"}
    assert set(long) - allowed == set(), long


def test_every_make_target_has_a_help_line() -> None:
    """`make help` lists each target, and each one is declared phony."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    targets = re.findall(r"^([a-z][a-z-]*):(?!=)(.*)$", text, re.MULTILINE)
    assert [name for name, rest in targets if " ## " not in rest] == []
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    assert sorted(phony[1].split()) == sorted(name for name, _ in targets)


def test_the_list_of_commands_says_what_each_command_says() -> None:
    """The one-line help in the table of commands is a sentence."""
    lines = [entry.help for chapter in CHAPTERS.values() for entry in chapter.values()]
    assert [line for line in lines if not line.endswith(".") or len(line) > 60] == []


@pytest.mark.parametrize("name", ["service", "cluster", "dev"])
def test_python_packages_are_pinned_with_hashes(name: str) -> None:
    """Each requirement names one version and at least one hash."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(lines) >= 10
    assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == []


def test_scripts_are_valid_shell() -> None:
    """Bash can parse each script, and each one stops at the first error."""
    for path in [ROOT / ".ci" / "run", *(ROOT / "scripts").glob("*.sh")]:
        subprocess.run(["bash", "-n", str(path)], check=True)
        assert "set -euo pipefail" in path.read_text(encoding="utf-8"), path


def test_generated_pages_are_what_the_code_says() -> None:
    """`make docs` would change nothing."""
    words = [sys.executable, "scripts/reference.py", "--check"]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
