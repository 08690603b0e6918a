"""``lmsvc token``: what users sign in with, made in the database of a service on its own host."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lmsvc.cli.accounts_store import NotThere, moment, own_store
from lmsvc.cli.configuration import configuration
from lmsvc.cli.options import as_json
from lmsvc.cli.text import columns, moment_text, print_json
from lmsvc.store.accounts_records import SCOPES, Token
from lmsvc.store.accounts_secrets import issue

DAYS = 365.0


@click.group()
def token() -> None:
    """Manage tokens. Run on the service's own host: it opens the service's database."""


@token.command()
@click.argument("user")
@click.option("--name", default="", help="What it is for, shown in lists.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    default=("read", "submit"),
    show_default=True,
    help="What it is good for; may be given several times.",
)
@click.option(
    "--days", type=click.FloatRange(0), default=DAYS, show_default=True, help="Good for so long; 0: for ever."
)
@configuration
@as_json
def create(
    user: str,
    name: str,
    scopes: tuple[str, ...],
    days: float,
    config: Path | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Make a token for USER and print it: it is shown only now, the service keeps its hash."""
    with own_store(config, data_dir) as store:
        made = issue(store, user, time.time(), name=name, scopes=scopes, days=days or None)
    if made is None:
        raise NotThere(f"there is no user {user}; `lmsvc user add {user}` adds one")
    if as_json:
        print_json({**_facts(made[0]), "token": made[1]})
        return
    click.echo(made[1])
    until = moment_text(moment(made[0].expires)) if made[0].expires else "it is revoked"
    click.echo(f"token {made[0].id} of {user}: {', '.join(scopes)}, good until {until}", err=True)


@token.command("list")
@click.argument("user", required=False)
@configuration
@as_json
def list_(user: str | None, config: Path | None, data_dir: Path | None, as_json: bool) -> None:
    """List the tokens of USER, or of all users."""
    with own_store(config, data_dir) as store:
        tokens = store.tokens(user)
    if as_json:
        print_json([_facts(each) for each in tokens])
    elif tokens:
        click.echo(columns(["token", "user", "for", "scopes", "made", "expires", "last used"], [*map(_row, tokens)]))
    else:
        click.echo("no tokens; `lmsvc token create USER` makes one", err=True)


@token.command()
@click.argument("token_id", metavar="TOKEN")
@configuration
def revoke(token_id: str, config: Path | None, data_dir: Path | None) -> None:
    """Make a token worthless at once, and sign out the browsers that signed in with it. TOKEN is its id in the list."""
    with own_store(config, data_dir) as store:
        if not store.revoke_token(token_id):
            raise NotThere(f"there is no token {token_id}; `lmsvc token list` shows which there are")


def _facts(each: Token) -> dict[str, Any]:
    times = {name: moment(getattr(each, name)) for name in ("created", "expires", "last_used")}
    return {**asdict(each), "scopes": list(each.scopes), **times}


def _row(each: Token) -> list[object]:
    expires = moment_text(moment(each.expires)) if each.expires else "never"
    used = moment_text(moment(each.last_used))
    return [each.id, each.user, each.name, each.scopes, moment_text(moment(each.created)), expires, used]
