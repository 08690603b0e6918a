"""The table of all commands. Listing them imports none of them."""

from typing import NamedTuple, cast

import click

from lmsvc import __version__
from lmsvc.cli.lazy import load


class Entry(NamedTuple):
    """Where a command is and what the list says about it."""

    place: str
    help: str


CHAPTERS: dict[str, dict[str, Entry]] = {
    "Jobs": {
        "validate": Entry("lmsvc.cli.validate:validate", "Check a job document without a service."),
        "plan": Entry("lmsvc.cli.plan:plan", "Show the plan the service would make of a job document."),
        "new": Entry("lmsvc.cli.workflows:new", "Make a job of a workflow's parameters."),
        "upload": Entry("lmsvc.cli.upload:upload", "Upload files and print their ids."),
        "submit": Entry("lmsvc.cli.submit:submit", "Submit a job, with the local files it names."),
        "status": Entry("lmsvc.cli.status:status", "Show one job, or the list of jobs."),
        "events": Entry("lmsvc.cli.events:events", "Show what happens to a job, as it happens."),
        "logs": Entry("lmsvc.cli.results:logs", "Show what a job's tools wrote to stdout and stderr."),
        "download": Entry("lmsvc.cli.results:download", "Download a job's package or one of its files."),
        "cancel": Entry("lmsvc.cli.change:cancel", "Cancel a job."),
        "retry": Entry("lmsvc.cli.change:retry", "Run again what failed or is missing in a job."),
        "delete": Entry("lmsvc.cli.change:delete", "Delete a finished job and its files."),
    },
    "Site": {
        "tools": Entry("lmsvc.cli.site:tools", "List the tools, or show one."),
        "workflows": Entry("lmsvc.cli.workflows:workflows", "List the workflows, or show one."),
        "datasets": Entry("lmsvc.cli.site:datasets", "List the site's datasets."),
        "pools": Entry("lmsvc.cli.site:pools", "List the pools and their slots."),
        "check": Entry("lmsvc.cli.check:check", "Run a small job in every pool on every host."),
        "completion": Entry("lmsvc.cli.completion:completion", "Print the completion of a shell."),
        "openapi": Entry("lmsvc.cli.site:openapi", "Print the description of the HTTP API."),
    },
    "Access": {
        "user": Entry("lmsvc.cli.users:user", "Add, list and change the users of a service."),
        "token": Entry("lmsvc.cli.tokens:token", "Create, list and revoke what users sign in with."),
    },
    "Service": {
        "up": Entry("lmsvc.cli.start:up", "Run the whole service on this machine."),
        "example": Entry("lmsvc.cli.demo:example", "Write the example job and its made-up data."),
        "demo": Entry("lmsvc.cli.demo:demo", "Run the example job in a service of its own."),
        "web": Entry("lmsvc.cli.service:web", "Run the web service."),
        "controller": Entry("lmsvc.cli.service:controller", "Run the controller."),
        "agent": Entry("lmsvc.cli.service:agent", "Run the agent of a pool on a worker host."),
        "batch": Entry("lmsvc.cli.service:batch", "Keep a pool's jobs in the site's batch system."),
        "slot": Entry("lmsvc.cli.service:slot", "Run one slot; the agent's factory starts these."),
        "reconcile": Entry("lmsvc.cli.service:reconcile", "Compare the database with files and processes, mend it."),
    },
}


class Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names in the order of the chapters."""
        return [name for chapter in CHAPTERS.values() for name in chapter]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None where there is no such one."""
        for chapter in CHAPTERS.values():
            if cmd_name in chapter:
                return cast(click.Command, load(chapter[cmd_name].place))
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands by chapter."""
        for title, chapter in CHAPTERS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in chapter.items()])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="lmsvc %(version)s")
def cli() -> None:
    """Turn JSON jobs into Makeflow workflows on pools of Work Queue workers.

    Commands talk to the service at --url or LMSVC_URL (http://127.0.0.1:8080 by default).
    """
