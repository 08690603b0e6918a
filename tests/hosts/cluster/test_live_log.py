"""What runs on other hosts than the web service is watched through it."""

import re
from contextlib import closing

from lmsvc.client import ApiError
from tests.hosts.site import Site
from tests.service.documents import sleep_each
from tests.service.running import wait_for

SHOWN_SECONDS = 2.0
LONG_SECONDS = 40.0
LIVE = re.compile(r"==> nap item \d+ \(40\.0\), running on (\S+), stdout <==\nsleeping for")


def test_the_log_of_tasks_elsewhere_is_shown_while_they_run(site: Site) -> None:
    """Lines of tasks on hosts without a web service are in the job's log seconds after they began."""
    elsewhere = set(site.groups["worker"]) - set(site.groups["web"])
    job_id = site.submit(sleep_each("seconds", [LONG_SECONDS] * 6))
    with closing(site.client()) as client:

        def seen() -> set[str]:
            try:
                return set(LIVE.findall(client.log(job_id, "nap")))
            except ApiError as problem:
                assert problem.status == 404
                return set()

        wait_for("running tasks", lambda: client.job(job_id)["progress"]["running"], 120)
        took = wait_for("their lines", lambda: seen() & elsewhere, LONG_SECONDS, pause_seconds=0.2)
        print(f"shown {took:.2f} s after the first task ran (bound {SHOWN_SECONDS} s, once there are slots elsewhere)")
        client.cancel(job_id)
