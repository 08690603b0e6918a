"""Jobs of a site that have ended: their packages, and checksums that another site's are compared with."""

import json
import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lmsvc.client import Client
from tests.hosts.site import Document, Site, images
from tests.service.packages import Package

DEMO_SECONDS = 400


@dataclass(frozen=True)
class Visit:
    """A client, as packages ask for it."""

    client: Client


def package(site: Site, job_id: str, directory: Path) -> Package:
    """Download the package of a job."""
    with closing(site.client()) as client:
        return Package(Visit(client), job_id, directory)


def run(site: Site, document: Document, folder: Path, directory: Path, seconds: float = DEMO_SECONDS) -> Package:
    """Run a job to its success and download its package."""
    job_id = site.submit(document, folder)
    job = site.wait_until(job_id, "ended", seconds)
    assert job["state"] == "succeeded", job
    return package(site, job_id, directory)


def compare_with_other_sites(site: Site, name: str, found: Package) -> str:
    """Fail unless another site with the same images, if one ran here, got the same contents; say what was compared."""
    place = Path(os.environ["LMSVC_TEST_CACHE"]) / "results" / name
    place.mkdir(parents=True, exist_ok=True)
    files = [[*map(str, key), sha] for key, sha in sorted(found.content_checksums().items(), key=str)]
    own = {"images": images(site), "files": files}
    (place / f"{site.scenario}.json").write_text(json.dumps(own, indent=1))
    others = [path for path in sorted(place.glob("*.json")) if path.stem != site.scenario]
    same = {path.stem: json.loads(path.read_text()) for path in others}
    same = {other: result for other, result in same.items() if result["images"] == own["images"]}
    for other, result in same.items():
        assert result["files"] == files, other
    return f"{name}: {len(files)} files compared with {', '.join(same) or 'nothing: no other site ran it here'}"
