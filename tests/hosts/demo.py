"""The demo job on a site, run once and looked at by several tests."""

import json
from pathlib import Path

from lmsvc.examples.synthetic import write_example
from tests.hosts.finished import run
from tests.hosts.site import Site
from tests.hosts.watching import Watch
from tests.service.packages import Package


class Demo:
    """The demo job after its run, and what was seen of it on the hosts."""

    def __init__(self, site: Site, directory: Path) -> None:
        """Run it through https at the proxy."""
        document = write_example(directory / "inputs")
        self.document = json.loads(document.read_text(encoding="utf-8"))
        with Watch(site.workers()) as watch:
            self.package: Package = run(site, self.document, document.parent, directory)
        self.seen = watch.seen


def assert_complete(demo: Demo) -> None:
    """Fail unless the package has every output, and says of every item how it ended."""
    found = demo.package
    assert all(found.files(reference) for reference in demo.document["outputs"])
    assert found.manifest["name"] == demo.document["name"]
    states = [line["state"] for step in demo.document["steps"] for line in found.items(step)]
    assert len(states) > len(demo.document["steps"])
    assert set(states) <= {"succeeded", "skipped"}
