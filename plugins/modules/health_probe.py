"""Look at a running host and change nothing: units, overlay paths, catalog, proxy and, on the web host, real jobs."""

import json
import ssl
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: health_probe
short_description: Report how the service's parts on a host are
description: Asks units, other hosts through the overlay, catalog and proxy; lets the web service run jobs.
author: lmsvc
options:
  units:
    description: Units that must be active.
    type: list
    elements: str
    required: true
  paths:
    description: Overlay address of each other host.
    type: dict
    required: true
  catalog:
    description: Address and port of the catalog.
    type: str
    required: true
  proxy:
    description: Address and port of the proxy.
    type: str
    required: true
  web:
    description: Whether the web service is on this host.
    type: bool
    required: true
  pools:
    description: The hosts of each pool, which all have to be heard from.
    type: dict
    required: true
  wait_seconds:
    description: How long a part may take to answer; services may just have been started.
    type: int
    required: true
"""

READY = """
import json, os, urllib.error, urllib.request
token = open(os.environ["LMSVC_TOKEN_FILE"]).read().strip()
url = "http://%s:%s/readyz" % (os.environ.get("LMSVC_HOST", "127.0.0.1"), os.environ.get("LMSVC_PORT", "8080"))
request = urllib.request.Request(url.replace("0.0.0.0", "127.0.0.1"), headers={"Authorization": "Bearer " + token})
try:
    print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5).read().decode())
except urllib.error.HTTPError as error:
    print(error.read().decode())
"""

T = TypeVar("T")


class Probe:
    """The questions, each asked until it is answered well or the time is up."""

    def __init__(self, module: AnsibleModule) -> None:
        """Take the task's arguments."""
        self.module = module
        self.deadline = time.monotonic() + module.params["wait_seconds"]

    def patient(self, question: Callable[[], T], good: Callable[[T], bool]) -> T:
        """Return the last answer to a question."""
        while not good(answer := question()) and time.monotonic() < self.deadline:
            time.sleep(1)
        return answer

    def units(self) -> dict[str, str]:
        """Return the state of each unit."""
        names = self.module.params["units"]

        def ask() -> dict[str, str]:
            return dict(
                zip(names, self.module.run_command(["systemctl", "is-active", *names])[1].split(), strict=False)
            )

        return self.patient(ask, lambda states: set(states.values()) <= {"active"})

    def paths(self) -> dict[str, bool]:
        """Tell which hosts answer through the overlay."""
        targets = self.module.params["paths"]
        with ThreadPoolExecutor(max_workers=16) as pool:
            answers = list(pool.map(lambda address: self.patient(lambda: self._ping(address), bool), targets.values()))
        return dict(zip(targets, answers, strict=True))

    def _ping(self, address: str) -> bool:
        return bool(self.module.run_command(["ping", "-c", "1", "-W", "2", address])[0] == 0)

    def answers(self, url: str) -> str:
        """Return nothing where a URL answers, else why not."""
        return self.patient(lambda: _error(url), lambda error: not error)

    def ready(self) -> dict[str, Any]:
        """Return what the web service says about database, catalog and controller."""

        def ask() -> dict[str, Any]:
            words = ["podman", "exec", "-i", "lmsvc-web", "/opt/lmsvc/bin/python3", "-"]
            code, output, error = self.module.run_command(words, data=READY)
            return dict(json.loads(output)) if code == 0 else {"ready": False, "error": error.strip()[-300:]}

        return self.patient(ask, lambda answer: bool(answer.get("ready")))

    def jobs(self) -> dict[str, Any]:
        """Return what one job per pool and host came to; agents that have just started are waited for."""
        places = {(pool, host) for pool, hosts in self.module.params["pools"].items() for host in hosts}

        def ask() -> dict[str, Any]:
            code, output, error = self.module.run_command(["podman", "exec", "lmsvc-web", "lmsvc", "check", "--json"])
            try:
                return {"code": code, "answer": json.loads(output)}
            except ValueError:
                return {"code": code, "error": (error or output).strip()[-300:]}

        def heard(found: dict[str, Any]) -> bool:
            return places <= {(result["pool"], result["host"]) for result in found.get("answer", [])}

        return self.patient(ask, heard)


def _error(url: str) -> str:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # The overlay is asked directly, whatever web proxy the host's environment names.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with direct.open(url, timeout=3):
            return ""
    except OSError as error:
        return str(error)


def main() -> None:
    """Answer with all findings."""
    kinds = {"units": "list", "paths": "dict", "pools": "dict", "catalog": "str", "proxy": "str", "web": "bool"}
    kinds["wait_seconds"] = "int"
    options = {name: {"type": kind, "required": True} for name, kind in kinds.items()}
    options["units"]["elements"] = "str"
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    probe = Probe(module)
    found = {
        "units": probe.units(),
        "paths": probe.paths(),
        "catalog": probe.answers(f"http://{module.params['catalog']}/query.json"),
        "proxy": probe.answers(f"https://{module.params['proxy']}/healthz"),
    }
    if module.params["web"]:
        found |= {"ready": probe.ready(), "jobs": probe.jobs()}
    module.exit_json(changed=False, facts=found)


if __name__ == "__main__":
    main()
