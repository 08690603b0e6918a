"""An installed site: its inventory, its hosts, its service over https, and its playbooks."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import testinfra
import yaml
from testinfra.host import Host

from lmsvc.cli.local_files import with_uploads
from lmsvc.client import Client, ClientError
from tests.service.running import wait_for

PROJECT = Path(__file__).parents[2]
TOKEN = "podman secret inspect --showsecret -f '{{.SecretData}}' lmsvc-api-token"
ENDED = ("succeeded", "failed", "cancelled")
Document = Mapping[str, Any]


class Site:
    """A site as its administrator and its users see it."""

    def __init__(self, inventory: Path, scenario: str) -> None:
        """Read who is in the inventory; nothing is asked yet."""
        self.inventory, self.scenario = inventory, scenario
        self.ssh_config = inventory / "ssh_config"
        everything = yaml.safe_load((inventory / "hosts.yml").read_text())["all"]
        self.lines: dict[str, dict[str, Any]] = everything["hosts"]
        self.groups = {name: list(group["hosts"]) for name, group in everything["children"].items()}

    def host(self, name: str) -> Host:
        """Return a host that runs commands over ssh; also one that is in no group."""
        return testinfra.get_host(f"paramiko://{name}", ssh_config=str(self.ssh_config))

    def workers(self) -> list[Host]:
        """Return the hosts of the workers."""
        return [self.host(name) for name in self.groups["worker"]]

    def address(self, name: str) -> str:
        """Return the address that everyone reaches a host of the inventory at."""
        return str(self.lines[name]["ansible_host"])

    def inner(self, group: str, last: int) -> list[str]:
        """Return the overlay's addresses of a service on the hosts of its group."""
        return [f"10.99.{self.lines[name]['host_number']}.{last}" for name in self.groups[group]]

    def token(self) -> str:
        """Return the token as it is now."""
        return str(self.host(self.groups["web"][0]).check_output(TOKEN)).strip()

    def client(self, token: str | None = None) -> Client:
        """Return a client that comes in through https at the proxy."""
        url = f"https://{self.address(self.groups['web'][0])}"
        return Client(url, token=token or self.token(), ca_file=self.inventory / "cache" / "ca.crt")

    def submit(self, document: Document, folder: Path = PROJECT) -> str:
        """Upload the files that a document names, submit it, and return the job's id."""
        with closing(self.client()) as client:
            uploaded = with_uploads(document, folder, lambda path: client.upload(path)["id"])
            return str(client.submit(uploaded)["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Return the state of a job."""
        with closing(self.client()) as client:
            return dict(client.job(job_id))

    def wait_until(self, job_id: str, condition: str, seconds: float) -> dict[str, Any]:
        """Wait until a job is ``running`` (an item has ended) or ``ended``; while nobody answers it is not known."""
        found: dict[str, Any] = {}

        def reached() -> bool:
            try:
                found.update(client.job(job_id))
            except ClientError:
                return False
            return found["state"] in ENDED or (condition == "running" and found["progress"]["done"] > 0)

        with closing(self.client()) as client:
            wait_for(f"job {job_id} {condition}", reached, seconds, pause_seconds=0.5)
        return found

    def playbook(self, name: str, *words: str, inventory: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a playbook as an administrator does, and return what it said."""
        command = ["ansible-playbook", f"playbooks/{name}.yml", "-i", str(inventory or self.inventory), *words]
        plain = {**os.environ, "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(command, cwd=PROJECT, env=plain, check=False, capture_output=True, text=True)
        print(f"{' '.join(command)}: rc {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}")
        return done

    @contextmanager
    def setting(self, **settings: object) -> Iterator[None]:
        """Keep a page with settings in the inventory for a while."""
        page = self.inventory / "group_vars" / "all" / "zzz_test.yml"
        page.write_text(yaml.safe_dump(settings))
        try:
            yield
        finally:
            page.unlink()

    def pools(self) -> dict[str, dict[str, Any]]:
        """Return the pools as the inventory has them."""
        page = self.inventory / "group_vars" / "all" / "pools.yml"
        return dict(yaml.safe_load(page.read_text())["site_pools"])

    def power(self, command: str, names: Sequence[str]) -> None:
        """Stop, start, restart or kill the machines that hosts are, all at once."""
        for name in names:
            if client := vars(self.host(name).backend).pop("client", None):
                client.close()
        podman = [str(PROJECT / "scripts" / "testhosts.sh"), "podman", command]
        patience = ["--time", "60"] if command in ("stop", "restart") else []
        machines = [f"lmsvc-{self.scenario}-{name}" for name in names]
        running = [subprocess.Popen([*podman, *patience, machine]) for machine in machines]
        assert [process.wait() for process in running] == [0] * len(names)

    def wait_for_hosts(self, names: Sequence[str], seconds: float = 90) -> None:
        """Wait until ssh reaches hosts that have just started, and all their units had their turn."""
        for name in names:
            wait_for(f"{name} up", partial(self._is_up, name), seconds, pause_seconds=1)

    def _is_up(self, name: str) -> bool:
        ssh = ["ssh", "-F", str(self.ssh_config), "-o", "ConnectTimeout=2", name]
        return output([*ssh, "systemctl is-system-running --wait"]) in ("running", "degraded")

    def healthy_within(self, seconds: float) -> bool:
        """Run health.yml until it is green or the time is over."""
        end = time.monotonic() + seconds
        while self.playbook("health").returncode != 0:
            if time.monotonic() > end:
                return False
        return True


def output(command: Sequence[str]) -> str:
    """Return what a command prints, whatever its exit code."""
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120).stdout.strip()


def recap(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, int]]:
    """Return the counts of a playbook's recap by host."""
    lines = done.stdout.rpartition("PLAY RECAP")[2].splitlines()
    rows = [line.split(":", 1) for line in lines if "unreachable=" in line]
    return {
        host.strip(): {name: int(number) for name, number in (word.split("=") for word in counts.split())}
        for host, counts in rows
    }


def installed() -> Site:
    """Return the site that the environment names."""
    inventory = Path(os.environ["LMSVC_TEST_INVENTORY"])
    return Site(inventory, os.environ.get("MOLECULE_SCENARIO_NAME", inventory.name))


def images(site: Site) -> list[str]:
    """Return the images that tasks run in, with the tags that say what is in them."""
    host = site.workers()[0]
    return sorted(host.check_output("podman ps --filter name=lmsvc-worker --format '{{.Image}}'").split())


def state_files(host: Host, pools: str = "/var/lib/lmsvc/pools") -> list[dict[str, Any]]:
    """Return what the slots of a host say of themselves, none where it has none; those that have ended say nothing."""
    command = f"for file in {pools}/*/slots/*/state.json; do if [ -e $file ]; then cat $file; echo; fi; done"
    states = [json.loads(line) for line in host.check_output(command).splitlines() if line]
    return [state for state in states if state["state"] != "ended"]
