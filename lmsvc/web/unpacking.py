"""Published files out of the package, one by one, as they are asked for."""

import shutil
import tempfile
import zipfile
from pathlib import Path

from lmsvc.paths import JobPaths
from lmsvc.web.problems import not_found


def unpack_output(paths: JobPaths, path: str) -> None:
    """Unpack one published file to its place below the job's outputs, whole or not at all.

    Args:
        paths: of the job.
        path: as the database knows it: names of the service's own making.

    Raises:
        Problem: the package does not have it.
    """
    target = paths.outputs / path
    try:
        with zipfile.ZipFile(paths.package) as archive, archive.open(f"outputs/{path}") as source:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as partial:
                shutil.copyfileobj(source, partial, 1 << 20)
            Path(partial.name).replace(target)
    except (KeyError, FileNotFoundError, zipfile.BadZipFile) as error:
        raise not_found("The file is no longer there.") from error
