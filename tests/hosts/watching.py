"""What runs where on the hosts of a site, watched from outside the containers while a job runs."""

import json
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from testinfra.host import Host

PLACE = "/run/lmsvc-watch"
PROGRAM = f"""
import json, pathlib, re, time
seen, begun = set(), set()
def look(process):
    unit = re.search("lmsvc-worker-[a-z0-9]+", (process / "cgroup").read_text())
    words = (process / "cmdline").read_text().split(chr(0))
    modules = [word[12:] for word in words if re.fullmatch("lmsvc.tools.[a-z_]+", word)]
    tools = [module for module in modules if module not in ("warm", "seeded", "program_libraries")]
    if tools:
        seen.add((unit.group() if unit else "elsewhere", tools[0]))
        begun.add((tools[0], process.name, (process / "stat").read_text().rpartition(")")[2].split()[19]))
while not pathlib.Path("{PLACE}.end").exists():
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            look(process)
        except OSError:
            pass
    pathlib.Path("{PLACE}.new").write_text(json.dumps([sorted(seen), sorted(begun)]))
    pathlib.Path("{PLACE}.new").rename("{PLACE}.json")
    time.sleep(0.2)
"""


class Watch:
    """Notes, until it ends, which worker container ran which tool."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        """Name the hosts to watch."""
        self._hosts = hosts
        self.seen: set[tuple[str, str]] = set()
        """Containers with the tools whose processes were in them."""
        self.begun: Counter[str] = Counter()
        """How many processes of each tool there were."""

    def __enter__(self) -> Self:
        """Begin on every host."""
        for host in self._hosts:
            host.check_output(f"rm -f {PLACE}.* && systemd-run --collect --quiet python3 -c %s", PROGRAM)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, and collect what was seen."""
        for host in self._hosts:
            seen, begun = json.loads(host.check_output(f"touch {PLACE}.end; cat {PLACE}.json"))
            self.seen |= {(container, tool) for container, tool in seen}
            self.begun.update(tool for tool, _, _ in begun)
