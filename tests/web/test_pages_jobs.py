"""The list of jobs and where jobs run."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from lmsvc.jobs.states import JobState
from lmsvc.store.records import TaskRecord
from lmsvc.web.board import HostView, SlotView, Snapshot
from lmsvc.web.pages.whereabouts import named
from lmsvc.web.running import RunningTask, running_tasks
from tests.web.people import browser, guarded_site
from tests.web.site import A_JOB, Site

TASK = TaskRecord("say.1.0000", "say", "say", 1, 2, "done", "node7", "1", 5.0, 1.5)
HTML = {"Accept": "text/html"}


def _page(site: Site, path: str) -> str:
    response = site.client.get(path, headers=HTML)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def test_what_runs_now_is_read_from_the_slots() -> None:
    """A slot's task tells job, step and host; idle slots and what others run in them do not count."""
    tasks = ("lm-sdm-abcdefgh23-model-0-1/model.1.0007", None, "somebody/else")
    slots = tuple(SlotView(str(n), "working", task) for n, task in enumerate(tasks))
    watch = ("10.1.0.7", 4711)
    found = list(running_tasks(Snapshot(True, {"sdm": (HostView("node1", 3, slots, watch),)})))
    project = "lm-sdm-abcdefgh23-model-0-1"
    assert found == [RunningTask("abcdefgh23", "model", "model.1.0007", "node1", "0", project, watch)]


def test_hosts_are_named_by_how_much_they_do() -> None:
    """Those with most tasks come first; of many three are named."""
    assert named(Counter()) == ""
    assert named(Counter({"b": 1, "a": 2})) == "a, b"
    assert named(Counter({name: 9 - n for n, name in enumerate("abcde")})) == "a, b, c and 2 more"


def test_rows_and_job_say_where_tasks_ran(site: Site) -> None:
    """The list names a job's hosts, and its page how many tasks ran on each."""
    job_id = site.ended()
    site.store.record_tasks(job_id, [TASK, replace(TASK, task="say.1.0001")])
    assert "on node7" in _page(site, "/")
    page = " ".join(_page(site, f"/jobs/{job_id}").split())
    assert "<dt>Ran on</dt><dd>node7 <small>2 tasks</small></dd>" in page


def test_the_row_of_a_failed_job_says_why(site: Site) -> None:
    """What failed is told in the list already."""
    site.ended(JobState.FAILED, error={"detail": "3 of 12 items failed"})
    assert "3 of 12 items failed" in _page(site, "/")


def test_filters_stay_while_others_change(site: Site) -> None:
    """State, tag and search stand in the address together; each has a way to end it alone."""
    site.ended(job=replace(A_JOB, name="Heuchera", tags=("paper",)))
    page = _page(site, "/?state=succeeded&tag=paper&q=heuch")
    assert "Heuchera" in page
    for address in (
        "/?state=queued&amp;tag=paper&amp;q=heuch",
        "/?state=succeeded&amp;q=heuch",
        "/?tag=paper&amp;q=heuch",
    ):
        assert f'href="{address}"' in page


def test_only_an_administrator_picks_a_users_jobs(tmp_path: Path) -> None:
    """An administrator's list leads to each owner's jobs; anybody else sees their own, whatever the address says."""
    site = guarded_site(tmp_path)
    for name in ("ada", "bob"):
        site.queued(replace(A_JOB, user=name, name=f"job of {name}"))
    ada, root = browser(site, "ada"), browser(site, "root", admin=True, scopes=["read", "submit", "admin"])
    assert "job of bob" not in ada.get("/?user=bob", headers=HTML).get_data(as_text=True)
    assert 'href="/?user=bob"' in root.get("/", headers=HTML).get_data(as_text=True)
    shown = root.get("/?user=bob", headers=HTML).get_data(as_text=True)
    assert "job of bob" in shown
    assert "job of ada" not in shown
    site.store.close()


def test_the_list_leads_back_from_older_jobs(site: Site) -> None:
    """Where there are older jobs the list leads there, and from there to the newest again."""
    for n in range(30):
        site.queued(replace(A_JOB, name=f"job {n}"))
    first = _page(site, "/")
    assert "Older jobs" in first
    assert "Newest jobs" not in first
    assert "Newest jobs" in _page(site, "/?cursor=6")
