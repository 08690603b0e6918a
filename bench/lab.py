"""The cluster that is measured: one that is there, or three hosts in containers of this machine, made when needed."""

from pathlib import Path

from bench.cluster import Cluster, run_here
from bench.paths import ROOT

LAB = ROOT / "inventories" / "lab"


class Lab:
    """The hosts of a run of the bench.

    Attributes:
        is_bare: whether they were made for this run and nothing is installed on them yet.
    """

    def __init__(self, inventory: Path | None = None) -> None:
        """Name the inventory of a cluster that is installed; without one it is the lab, that is there or not."""
        self._inventory = inventory.resolve() if inventory else LAB
        self._is_ours = False
        self.is_bare = False

    def hosts(self) -> Cluster:
        """Return the cluster; where there is none its hosts are made, and are bare."""
        if not self._inventory.exists():
            self._is_ours = self.is_bare = True
            run_here(["scripts/testhosts.sh", "molecule", "create", "-s", "lab"])
        return Cluster(self._inventory)

    def installed(self) -> Cluster:
        """Return the cluster with the service on it."""
        cluster = self.hosts()
        if self.is_bare:
            cluster.playbook("site")
            self.is_bare = False
        return cluster

    def end(self) -> None:
        """Remove the hosts that were made."""
        if self._is_ours:
            self._is_ours = self.is_bare = False
            run_here(["make", "lab-down"])
