"""Logs out of bundles."""

from pathlib import Path

import pytest

from tests.web.asking import problem
from tests.web.site import Site


@pytest.fixture
def job(site: Site) -> str:
    """Give a job of two steps, one of them with a second attempt at item 1."""
    job_id = site.ended()
    site.bundle(job_id, "model.1.0000", {0: ("out zero\n", "err zero\n"), 1: ("first try\n", "")}, started=1.0)
    site.bundle(job_id, "model.2.0000", {1: ("second try\n", "\N{SNOWMAN}\n")}, started=9.0)
    site.bundle(job_id, "grid.1.0000", {0: ("grid\n", "")}, started=0.5)
    return job_id


def test_one_stream_of_one_item_comes_as_written(site: Site, job: str) -> None:
    """Stdout of an item is what the tool printed, of the latest attempt."""
    response = site.client.get(f"/api/v1/jobs/{job}/log?step=model&item=1&stream=stdout")
    assert response.get_data(as_text=True) == "second try\n"
    assert response.content_type == "text/plain; charset=utf-8"


def test_log_of_a_step_has_headings_in_order(site: Site, job: str) -> None:
    """All items of a step come one after the other in the order they ran, with headings."""
    text = site.client.get(f"/api/v1/jobs/{job}/log?step=model").get_data(as_text=True)
    places = [text.index(part) for part in ("out zero", "err zero", "first try", "second try", "\N{SNOWMAN}")]
    assert places == sorted(places)
    assert "==> model item 0 (species 0), succeeded, stderr <==" in text
    assert "grid" not in text


def test_log_of_a_job_has_all_steps(site: Site, job: str) -> None:
    """Without a step everything is there."""
    text = site.client.get(f"/api/v1/jobs/{job}/log").get_data(as_text=True)
    assert text.index("==> grid item 0") < text.index("==> model item 0")


@pytest.mark.parametrize("query", ["step=model&item=7", "step=none", "step=..%2f..%2fx", "step=mod", "step=*"])
def test_log_of_what_has_not_run_is_not_found(site: Site, job: str, query: str) -> None:
    """An item or step without a bundle, whatever it is called, gets 404."""
    problem(site.client.get(f"/api/v1/jobs/{job}/log?{query}"), 404, "not-found")


@pytest.mark.parametrize("query", ["item=1", "step=a&item=-1", "step=a&item=x", "stream=all", "step=%00"])
def test_faulty_log_queries_are_refused(site: Site, job: str, query: str) -> None:
    """What cannot be meant gets 400."""
    problem(site.client.get(f"/api/v1/jobs/{job}/log?{query}"), 400, "invalid-query")


def test_broken_bundle_does_not_hide_the_others(site: Site, job: str) -> None:
    """A damaged bundle is left out; the log shows the rest."""
    bundle: Path = site.paths.job(job).bundles / "model.3.0000.tar"
    bundle.write_bytes(b"this is no tar" * 100)
    assert "out zero" in site.client.get(f"/api/v1/jobs/{job}/log").get_data(as_text=True)
