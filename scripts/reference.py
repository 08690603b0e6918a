"""Write the generated parts of docs/reference from the code, or with ``--check`` say which pages are stale.

A page keeps what stands above its marker, which is written by hand; everything below is generated.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from lmsvc.cli.exits import Exit
from lmsvc.cli.lazy import load
from lmsvc.cli.root import CHAPTERS
from lmsvc.jobs.tools import Tool
from lmsvc.jobs.types import TypeExpression
from lmsvc.registry import SHIPPED_TOOLS, load_tools
from lmsvc.settings import Limits, MailSettings, NoticeSettings, PoolSettings, QuotaSettings, RateSettings, Settings
from lmsvc.web.api import OPERATIONS
from lmsvc.web.openapi import document
from lmsvc.workflows.loading import SHIPPED_WORKFLOWS, load_workflows
from lmsvc.workflows.parameters import Parameter

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
MARKER = "<!-- Below this line: written by `make docs`. Change the code instead. -->\n"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def settings() -> Iterator[str]:
    """Yield tables of all settings."""
    yield _fields(Settings, "LMSVC_")
    yield "## A pool\n\nBelow `pools.<name>`; a name is `[a-z][a-z0-9]*`."
    yield _fields(PoolSettings, "")
    yield "## Limits\n\nBelow `limits`."
    yield _fields(Limits, "")
    yield "## Quota\n\nBelow `quota`; a user's own bounds, which `lmsvc user` sets, win over these."
    yield _fields(QuotaSettings, "")
    yield "## Rates\n\nBelow `rates`; they bind only where the service asks for tokens."
    yield _fields(RateSettings, "")
    yield "## Notices\n\nBelow `notices`, the mail server below `notices.mail`: `LMSVC_NOTICES__MAIL__SERVER`."
    yield _fields(NoticeSettings, "")
    yield _fields(MailSettings, "")


def _fields(model: type[BaseModel], prefix: str) -> str:
    rows = []
    for name, field in model.model_fields.items():
        variable = [f"`{prefix}{name.upper()}`"] if prefix else []
        rows.append([f"`{name}`", *variable, _default(field), field.description or ""])
    return table(["setting", *(["variable"] if prefix else []), "default", "meaning"], rows)


def _default(field: FieldInfo) -> str:
    if isinstance(field.default, BaseModel):
        return "see below"
    if field.default is PydanticUndefined:
        return "see below" if "dict" in str(field.annotation) else "this machine's"
    return "" if field.default == "" else f"`{field.default!s}`"


def command_line() -> Iterator[str]:
    """Yield a section for each command."""
    for title, chapter in CHAPTERS.items():
        yield f"## {title}"
        for name, entry in chapter.items():
            command = cast(click.Command, load(entry.place))
            yield from _command(name, command)
            if isinstance(command, click.Group):
                yield from (part for sub, it in command.commands.items() for part in _command(f"{name} {sub}", it))


def _command(name: str, command: click.Command) -> Iterator[str]:
    with click.Context(command, info_name=f"lmsvc {name}") as context:
        usage = command.get_usage(context).removeprefix("Usage: ")
        options = [record for it in command.params if (record := it.get_help_record(context)) and record[1]]
    yield f"### lmsvc {name}"
    yield f"```\n{' '.join(usage.split())}\n```"
    yield "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    if options:
        yield table(["option", ""], [[f"`{option}`", meaning] for option, meaning in options])


def exit_codes() -> Iterator[str]:
    """Yield a table of exit codes."""
    yield table(["code", "name", "meaning"], [[code.value, code.name.lower(), code.meaning] for code in Exit])


def tools() -> Iterator[str]:
    """Yield a section for each shipped tool, by category."""
    found = sorted(load_tools([SHIPPED_TOOLS]).values(), key=lambda tool: (tool.category, tool.id))
    for category in dict.fromkeys(tool.category for tool in found):
        yield f"## {category}"
        for tool in found:
            if tool.category == category:
                yield from _tool(tool)


def _tool(tool: Tool) -> Iterator[str]:
    yield f"### {tool.id}"
    yield f"**{tool.label}.** {tool.doc}"
    inputs = [
        [f"`{name}`", _type(put.type), _given(put.required, put.default), put.doc or put.label]
        for name, put in tool.inputs.items()
    ]
    outputs = [[f"`{name}`", _type(made.type), made.doc or made.label] for name, made in tool.outputs.items()]
    yield table(["input", "type", "default", ""], inputs)
    yield table(["output", "type", ""], outputs)
    yield f"An item may use {tool.resources.memory_mb} MB and {tool.resources.seconds:g} s."
    if tool.cites:
        yield "Cite:\n\n" + "\n".join(f"- {citation}" for citation in tool.cites)


def _type(expression: TypeExpression) -> str:
    return " or ".join(f"`{symbol}`" for symbol in expression.symbols) or f"`{expression}`"


def _given(required: bool, default: object) -> str:
    return "required" if required else "" if default is None else f"`{default}`"


def workflows() -> Iterator[str]:
    """Yield a section for each shipped workflow."""
    for workflow in load_workflows([SHIPPED_WORKFLOWS]).values():
        yield f"## {workflow.name}"
        yield f"**{workflow.title}.** {workflow.doc}"
        yield f"Takes {workflow.takes}; makes {workflow.makes}."
        rows = [
            [
                f"`{name}`",
                _kind(it),
                _given(it.required and it.default is None, it.default),
                f"{it.title}. {it.description}",
            ]
            for name, it in workflow.parameters.items()
        ]
        yield table(["parameter", "type", "default", ""], rows)


def _kind(parameter: Parameter) -> str:
    return " or ".join(f"`{choice}`" for choice in parameter.enum) or f"`{parameter.type}`"


def http_api() -> Iterator[str]:
    """Yield a section for each operation of the HTTP API."""
    paths: Mapping[str, Mapping[str, Any]] = document(OPERATIONS)["paths"]
    operations = [(path, method, facts) for path, methods in paths.items() for method, facts in methods.items()]
    for tag in dict.fromkeys(facts["tags"][0] for _, _, facts in operations):
        yield f"## {tag.capitalize()}"
        for path, method, facts in operations:
            if facts["tags"][0] == tag:
                yield f"### {method.upper()} `{path}`"
                yield from _operation(facts)


def _operation(facts: Mapping[str, Any]) -> Iterator[str]:
    yield f"{facts['summary']} {facts['description']}".strip()
    if facts["parameters"]:
        rows = [[f"`{it['name']}`", it["in"], it.get("description", "")] for it in facts["parameters"]]
        yield table(["parameter", "in", "meaning"], rows)
    answers = sorted(facts["responses"].items())
    yield table(["status", ""], [[status, answer["description"]] for status, answer in answers])


PAGES: Mapping[str, Callable[[], Iterator[str]]] = {
    "settings": settings,
    "command-line": command_line,
    "exit-codes": exit_codes,
    "tools": tools,
    "http-api": http_api,
    "workflows": workflows,
}


def stale() -> Iterator[tuple[Path, str]]:
    """Yield the pages whose text is not what the code says, with the right text."""
    for name, sections in PAGES.items():
        path = FOLDER / f"{name}.md"
        text = path.read_text(encoding="utf-8")
        right = text.partition(MARKER)[0] + MARKER + "\n" + "\n\n".join(sections()) + "\n"
        if text != right:
            yield path, right


def main(words: Sequence[str]) -> int:
    """Write stale pages, or with ``--check`` name them and return 1."""
    check = "--check" in words
    found = list(stale())
    for path, text in found:
        if not check:
            path.write_text(text, encoding="utf-8")
        print(f"{'stale' if check else 'written'}: {path.name}")
    return 1 if found and check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
