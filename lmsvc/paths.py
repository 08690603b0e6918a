"""Where things lie below the data directory. Nothing is written anywhere else."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class JobPaths:
    """The directory of one job."""

    root: Path

    @property
    def document(self) -> Path:
        """The job document as submitted."""
        return self.root / "document.json"

    @property
    def plan(self) -> Path:
        """The plan as it stands."""
        return self.root / "plan.json"

    @property
    def bundles(self) -> Path:
        """Finished bundles, one per task: the only truth about what is done."""
        return self.root / "bundles"

    @property
    def stages(self) -> Path:
        """Working directories of makeflows."""
        return self.root / "stages"

    @property
    def outputs(self) -> Path:
        """Published outputs, ``<step>/<output>/<file>``."""
        return self.root / "outputs"

    @property
    def package(self) -> Path:
        """The package to download."""
        return self.root / "package.zip"


@dataclass(frozen=True)
class DataPaths:
    """The data directory of one service."""

    root: Path

    @property
    def uploads(self) -> Path:
        """Uploaded files by content."""
        return self.root / "uploads"

    @property
    def transfers(self) -> Path:
        """Uploads of which parts have arrived."""
        return self.uploads / "parts"

    @property
    def incoming(self) -> Path:
        """Uploads sent in one go, while they arrive."""
        return self.uploads / "incoming"

    @property
    def logs(self) -> Path:
        """One log per program."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Process ids, doorbells, pool passwords."""
        return self.root / "run"

    @property
    def temporary(self) -> Path:
        """Temporary files of the service's programs (TMPDIR); emptied when it starts."""
        return self.root / "tmp"

    @property
    def controllers(self) -> Path:
        """Heartbeats of controllers."""
        return self.run / "controllers"

    @property
    def notices_key(self) -> Path:
        """The key from which the signing secrets of webhooks are made."""
        return self.run / "notices.key"

    def make(self) -> None:
        """Make the directories that the service's programs write to, closed to others."""
        for path in (self.uploads, self.logs, self.root / "jobs", self.run, self.controllers, self.temporary):
            path.mkdir(mode=0o750, parents=True, exist_ok=True)

    @property
    def controller_doorbell(self) -> Path:
        """Rung by the web service when there is something for the controller to do."""
        return self.run / "controller.doorbell"

    def upload(self, sha256: str) -> Path:
        """Return the place of an uploaded file with this content."""
        return self.uploads / sha256[:2] / sha256

    def pool(self, name: str) -> Path:
        """Return the directory of a pool's agent and slots on this host."""
        return self.root / "pools" / name

    def password(self, pool: str) -> Path:
        """Return the file with the Work Queue password of a pool."""
        return self.run / f"{pool}.password"

    def job(self, job_id: str) -> JobPaths:
        """Return the places of one job."""
        return JobPaths(self.root / "jobs" / job_id)
