"""Run a command; show every error as text for people and return the exit code for scripts."""

import os
import sys
from collections.abc import Sequence

import click

from lmsvc.cli.exits import Exit, exit_of_status
from lmsvc.cli.root import cli
from lmsvc.client.errors import ApiError, ClientError, NotTrusted, ServiceUnreachable
from lmsvc.jobs.faults import DocumentError, Fault

TRUST_ADVICE = (
    "Name the certificate of the site's own authority with --ca-file or LMSVC_CA_FILE (its administrator has it),"
    " and the service by a name that its certificate has."
)
TOKEN_ADVICE = (
    "Put the site's token into a file that only you can read and name that with --token-file or LMSVC_TOKEN_FILE,"
    " or set LMSVC_TOKEN."
)


def run(words: Sequence[str]) -> int:
    """Run the command in ``words`` and return its exit code."""
    try:
        return int(cli.main(list(words), prog_name="lmsvc", standalone_mode=False) or Exit.OK)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except (ClientError, DocumentError, OSError) as error:
        return _report(error)


def _report(error: Exception) -> Exit:
    if isinstance(error, DocumentError):
        return _report_faults("The job document has faults", error.faults)
    if isinstance(error, ApiError):
        return _report_problem(error)
    if isinstance(error, NotTrusted):
        _say(f"{error}\n{TRUST_ADVICE}")
        return Exit.UNREACHABLE
    if isinstance(error, ServiceUnreachable):
        _say(f"{error}\nIs the service running there? `lmsvc up` starts one; --url or LMSVC_URL names another.")
        return Exit.UNREACHABLE
    _say(str(error))
    return Exit.USAGE if isinstance(error, OSError) else Exit.SERVICE_FAULT


def _report_problem(error: ApiError) -> Exit:
    code = exit_of_status(error.status)
    if code is Exit.NO_TOKEN:
        _say(f"{error.title}.\n{TOKEN_ADVICE}")
    elif error.faults:
        _report_faults(error.title, [Fault(fault.pointer, fault.detail) for fault in error.faults])
    else:
        _say(str(error))
    if code is Exit.SERVICE_FAULT and error.request_id:
        click.echo(f"  its log holds more under {error.request_id}", err=True)
    return code


def _report_faults(title: str, faults: Sequence[Fault]) -> Exit:
    _say(f"{title}:")
    width = max(len(fault.pointer) for fault in faults)
    for fault in faults:
        click.echo(f"  {fault.pointer or '(document)':{width}}  {fault.detail}", err=True)
    return Exit.USAGE


def _say(text: str) -> None:
    click.echo(click.style("lmsvc: ", fg="red") + text, err=True)
