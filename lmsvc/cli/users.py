"""``lmsvc user``: who may use a service, told to its database on its own host."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from lmsvc.cli.accounts_store import NotThere, ThereAlready, moment, own_store
from lmsvc.cli.configuration import configuration
from lmsvc.cli.options import as_json
from lmsvc.cli.text import columns, moment_text, print_json
from lmsvc.store.accounts_records import USER_NAME, Quota, User

F = TypeVar("F", bound=Callable[..., Any])
BOUNDS = ("jobs", "tasks", "bytes", "days_kept")
AS_SITE = -1


class Bound(click.ParamType[int]):
    """A number of at least 0, or ``site``."""

    name = "number|site"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; `AS_SITE` for ``site``."""
        if value in ("site", AS_SITE):
            return AS_SITE
        if not re.fullmatch(r"[0-9]{1,15}", str(value)):
            self.fail("give a number, 0 for no bound, or `site` for what the site allows", param, ctx)
        return int(str(value))


def bounds(command: F) -> F:
    """Add the options of a quota."""
    for option, text in {
        "--days-kept": "Days after which results go.",
        "--bytes": "Bytes of uploads and packages together.",
        "--tasks": "Tasks of one job.",
        "--jobs": "Jobs waiting or running at one time.",
    }.items():
        command = click.option(option, type=Bound(), help=text)(command)
    return command


@click.group()
def user() -> None:
    """Manage who may use the service. Run on its own host: it opens the service's database.

    A bound of 0 is none; `site` is what the site's settings allow.
    """


@user.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="Sees and changes what is everybody's.")
@click.option("--email", help="Where mail to this user goes.")
@bounds
@configuration
def add(
    name: str, admin: bool, email: str | None, config: Path | None, data_dir: Path | None, **given: int | None
) -> None:
    """Add the user NAME. It signs in with a token: `lmsvc token create NAME`."""
    if not re.fullmatch(USER_NAME, name):
        raise click.UsageError("a name has up to 64 letters, digits and . _ @ -, and begins with a letter or digit")
    made = User(name, admin, email=email, quota=changed(Quota(), given), created=time.time())
    with own_store(config, data_dir) as store:
        if not store.add_user(made):
            raise ThereAlready(f"there is a user {name} already; `lmsvc user change {name}` changes it")
    click.echo(f"added {name}; `lmsvc token create {name}` makes a token to sign in with", err=True)


@user.command()
@click.argument("name")
@click.option("--admin/--no-admin", default=None, help="Sees and changes what is everybody's, or not.")
@click.option("--disable/--enable", "disabled", default=None, help="Its tokens are worth nothing, or again something.")
@click.option("--email", help="Where mail to this user goes; empty: nowhere.")
@bounds
@configuration
def change(
    name: str,
    admin: bool | None,
    disabled: bool | None,
    email: str | None,
    config: Path | None,
    data_dir: Path | None,
    **given: int | None,
) -> None:
    """Change the user NAME; what is not named stays as it is."""
    with own_store(config, data_dir) as store:
        known = store.user(name)
        if known is None:
            raise NotThere(f"there is no user {name}; `lmsvc user list` shows who there is")
        store.change_user(
            replace(
                known,
                admin=known.admin if admin is None else admin,
                disabled=known.disabled if disabled is None else disabled,
                email=known.email if email is None else email or None,
                quota=changed(known.quota, given),
            )
        )


@user.command("list")
@configuration
@as_json
def list_(config: Path | None, data_dir: Path | None, as_json: bool) -> None:
    """List the users."""
    with own_store(config, data_dir) as store:
        users = store.users()
    if as_json:
        print_json([{**asdict(each), "created": moment(each.created)} for each in users])
    elif users:
        click.echo(columns(["user", "", "email", "quota", "since"], [_row(each) for each in users]))
    else:
        click.echo("no users yet; `lmsvc user add NAME` adds one", err=True)


def changed(quota: Quota, given: Mapping[str, int | None]) -> Quota:
    """Return a quota with the bounds that were given."""
    named = {name: given[name] for name in BOUNDS if given.get(name) is not None}
    return replace(quota, **{name: None if value == AS_SITE else value for name, value in named.items()})


def _row(each: User) -> list[object]:
    words = [word for word, holds in (("administrator", each.admin), ("disabled", each.disabled)) if holds]
    own = [f"{name} {value}" for name, value in asdict(each.quota).items() if value is not None]
    return [each.name, words, each.email, own or "as the site", moment_text(moment(each.created))]
