"""A Slurm of one node, from Debian's packages, on ports of its own below one directory; needs root."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lmsvc.ports import free_ports

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
PACKAGES = "apt-get install --no-install-recommends slurmctld slurmd slurm-client munge"
CORES = 4
READY_SECONDS = 30.0
CONFIGURATION = """
ClusterName=lab
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={root}/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
KillWait=5
SlurmdParameters=config_overrides
NodeName=n1 NodeAddr=127.0.0.1 NodeHostname={host} CPUs={cores} RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=n1 Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str | None:
    """Return why this machine cannot run it, or None."""
    if os.geteuid() != 0:
        return "a Slurm of one node needs root"
    lacking = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    return f"no {', '.join(lacking)}: {PACKAGES}" if lacking else None


class Slurm:
    """Key server, controller and one node, all below the test's own process."""

    def __init__(self, root: Path) -> None:
        """Start them and wait until the node takes jobs."""
        self._root = root
        self._processes: list[subprocess.Popen[bytes]] = []
        for name in ("state", "spool"):
            (root / name).mkdir(parents=True)
        self._configure()
        self._start_munge()
        self._start("slurmctld", "-D")
        self._start("slurmd", "-D", "-N", "n1")
        self._wait("idle node", lambda: self.ask("sinfo", "--noheader", "--format=%t") == "idle")

    @property
    def environment(self) -> Mapping[str, str]:
        """What its clients need in their environment."""
        return {"SLURM_CONF": str(self._root / "slurm.conf")}

    def _configure(self) -> None:
        port = free_ports(2)
        own = {"port": port, "node_port": port + 1, "root": self._root, "host": socket.gethostname(), "cores": CORES}
        (self._root / "slurm.conf").write_text(CONFIGURATION.format(**own))

    def _start_munge(self) -> None:
        key, place = self._root / "munge.key", self._root / "munge.socket"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        files = [f"--key-file={key}", f"--socket={place}", f"--pid-file={self._root}/munge.pid"]
        self._start("munged", "--foreground", "--force", *files, f"--seed-file={self._root}/munge.seed")
        self._wait("munge", place.exists)

    def _start(self, *words: str) -> None:
        with (self._root / f"{words[0]}.log").open("ab") as log:
            tether = ["setpriv", "--pdeathsig", "TERM", "--"]
            environment = {**os.environ, **self.environment, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
            child = subprocess.Popen(
                [*tether, *words], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._processes.append(child)

    def _wait(self, what: str, look: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not look():
            assert time.monotonic() < deadline, f"no {what}: see the logs in {self._root}"
            time.sleep(0.1)

    def ask(self, *words: str) -> str:
        """Return what one of its programs prints; nothing while it fails."""
        environment = {**os.environ, **self.environment}
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False).stdout.strip()

    def jobs(self, states: Sequence[str] = ("PENDING", "RUNNING", "COMPLETING")) -> list[int]:
        """Return the numbers of its jobs in some states."""
        return [int(word) for word in self.ask("squeue", "-h", "-o", "%A", "-t", ",".join(states)).split()]

    def cancel(self, job: int) -> None:
        """Cancel a job."""
        self.ask("scancel", str(job))

    def end(self) -> None:
        """Cancel all jobs and end all daemons."""
        self.ask("scancel", "--user=root")
        for child in reversed(self._processes):
            child.terminate()
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(15)
