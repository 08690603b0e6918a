"""``lmsvc completion``."""

import click
from click.shell_completion import get_completion_class

VARIABLE = "_LMSVC_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what lets SHELL complete the commands and options of lmsvc.

    bash: write it to ~/.local/share/bash-completion/completions/lmsvc; zsh: to a file _lmsvc in a directory of fpath;
    fish: to ~/.config/fish/completions/lmsvc.fish.
    """
    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(context.find_root().command, {}, "lmsvc", VARIABLE).source())
