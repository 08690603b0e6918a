"""An installed cluster as its administrator and its users see it: its inventory, its playbooks, its service."""

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

from bench.paths import PROGRAMS, ROOT
from lmsvc.client import Client

CLIENT_SECONDS = 60.0
TOKEN = ("podman", "secret", "inspect", "--showsecret", "lmsvc-api-token")
_FACTS = {
    **{"url": "{{ summary_url }}", "authority": "{{ summary_authority }}", "data_dir": "{{ site_data_dir }}"},
    **{"controllers": "{{ groups.controller }}", "workers": "{{ groups.worker }}"},
}


class CommandFailed(Exception):
    """A command of the project failed, and with what last words."""


@dataclass(frozen=True)
class Facts:
    """What the inventory's pages say of the cluster.

    Attributes:
        url: of the service.
        authority: file with the certificate of the authority that signed the service's; empty for a public one.
        data_dir: directory of jobs and uploads on the web host.
        controllers: names of the hosts of controllers.
        workers: names of the hosts of workers.
    """

    url: str
    authority: str
    data_dir: str
    controllers: Sequence[str]
    workers: Sequence[str]


@dataclass(frozen=True)
class Room:
    """What a host has: cores, and memory in MB."""

    cores: int
    memory_mb: int


class Cluster:
    """A cluster that is described by an inventory."""

    def __init__(self, inventory: Path) -> None:
        """Name the inventory; nothing is asked yet."""
        self.inventory = inventory

    @cached_property
    def facts(self) -> Facts:
        """What the inventory's pages say."""
        (said,) = self.told("web[0]", "ansible.builtin.debug", {"msg": _FACTS}).values()
        return Facts(**said["msg"])

    def rooms(self) -> dict[str, Room]:
        """Return what each worker host has."""
        return {host: Room(**said["facts"]) for host, said in self.told("worker", "room_probe", {}).items()}

    def client(self) -> Client:
        """Return a client of the service, with the token that the web host keeps."""
        (secret,) = self.printed("web[0]", list(TOKEN)).values()
        token = str(json.loads(secret)[0]["SecretData"]).strip()
        authority = Path(self.facts.authority) if self.facts.authority else None
        return Client(self.facts.url, CLIENT_SECONDS, token=token, ca_file=authority)

    def playbook(self, name: str, *words: str) -> str:
        """Run a playbook of the project as an administrator does; return what it printed.

        Raises:
            CommandFailed: it failed.
        """
        return self._ansible("ansible-playbook", f"playbooks/{name}.yml", *words)

    def scale(self, pool: str, least: int, most: int) -> str:
        """Give a pool other bounds until the page is applied again; return what `scale.yml` printed."""
        return self.playbook("scale", "-e", f"pool={pool}", "-e", f"slots_min={least}", "-e", f"slots_max={most}")

    @contextlib.contextmanager
    def other_bounds(self) -> Iterator[None]:
        """Let bounds be changed; afterwards the pools page holds again."""
        try:
            yield
        finally:
            self.playbook("scale")

    def told(self, pattern: str, module: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a module of Ansible answers, by host."""
        words = ["-a", json.dumps(arguments)] if arguments else []
        said = self._ansible("ansible", pattern, "-m", module, *words)
        return {host: yaml.safe_load(text) for host, text in by_host(said).items()}

    def printed(self, pattern: str, command: Sequence[str]) -> dict[str, str]:
        """Return what a command prints, by host."""
        arguments = json.dumps({"argv": list(command)})
        return by_host(self._ansible("ansible", pattern, "-m", "ansible.builtin.command", "-a", arguments))

    def _ansible(self, program: str, what: str, *words: str) -> str:
        return run_here([str(PROGRAMS / program), what, "-i", str(self.inventory), *words])


def by_host(said: str) -> dict[str, str]:
    """Return the parts of what `ansible` prints, by host: ``name | STATE => part`` or ``name | STATE | rc=0 >>``."""
    pieces = re.split(r"^(\S+) \| [A-Z!]+ (?:\| rc=\d+ )?(?:=>|>>) *\n", said, flags=re.MULTILINE)
    return {host: dedent(text).strip() for host, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def run_here(command: Sequence[str]) -> str:
    """Run a command in the project and return what it prints.

    Raises:
        CommandFailed: it failed.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandFailed(f"{' '.join(command)}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
