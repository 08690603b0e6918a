"""The catalogue of a job's published files."""

from collections.abc import Sequence

from lmsvc.store.base import Part
from lmsvc.store.models import Jobs, Outputs
from lmsvc.store.records import OutputFile

_COLUMNS = [getattr(Outputs, name) for name in OutputFile.__dataclass_fields__]


class OutputStore(Part):
    """Outputs of jobs."""

    def save_outputs(self, job_id: str, files: Sequence[OutputFile], package_bytes: int | None = None) -> None:
        """Store published files, replacing what was known under the same paths, and the bytes of all results."""
        rows = ({"job_id": job_id} | vars(file) for file in files)
        with self._database.writing() as session:
            session.upsert(Outputs, [Outputs.job_id, Outputs.path], rows)
            if package_bytes is not None:
                session.change(Jobs.update(package_bytes=package_bytes).where(Jobs.id == job_id))

    def outputs(self, job_id: str) -> tuple[OutputFile, ...]:
        """Return a job's published files by path."""
        query = Outputs.select(*_COLUMNS).where(Outputs.job_id == job_id).order_by(Outputs.path)
        with self._database.reading() as session:
            return tuple(OutputFile(**row) for row in session.all(query))

    def output(self, job_id: str, path: str) -> OutputFile | None:
        """Return one published file."""
        query = Outputs.select(*_COLUMNS).where((Outputs.job_id == job_id) & (Outputs.path == path))
        with self._database.reading() as session:
            row = session.one(query)
        return OutputFile(**row) if row else None

    def clear_outputs(self, job_id: str) -> None:
        """Forget a job's published files, before an attempt publishes its own."""
        with self._database.writing() as session:
            session.change(Outputs.delete().where(Outputs.job_id == job_id))
