"""The raw side of the comparison, on real CCTools."""

import os
import time
from pathlib import Path

import pytest

from bench.context import Bench, Options, environment_of
from bench.ports import Ports
from bench.processes import cpu_seconds, memory
from bench.raw import WorkflowFailed, add_stale_records, catalog, first_running, rule, run_attached


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Give a bench of one slot that works below a directory of the test's."""
    return Bench(Options(quick=True), tmp_path, environment_of(None), slots=1, ports=Ports(22900, 22999))


@pytest.mark.cctools
@pytest.mark.slow
def test_a_raw_workflow_is_timed_to_its_first_task_and_its_end(bench: Bench, tmp_path: Path) -> None:
    """Two rules that sleep for half a second on one worker take a second at least; the first starts before that."""
    rules = [rule("sleep 0.5; touch out", [], [(f"{number}.txt", "out")]) for number in range(2)]
    run = run_attached(bench, tmp_path, rules)
    print(run)
    assert 0 < run.first_task < run.ended - 1.0
    assert (tmp_path / "flow" / "1.txt").exists()


@pytest.mark.cctools
@pytest.mark.slow
def test_a_raw_workflow_that_fails_has_no_time(bench: Bench, tmp_path: Path) -> None:
    """Makeflow's exit code is 0 whatever failed, so the log decides."""
    with pytest.raises(WorkflowFailed, match="0 of 1 rules completed"):
        run_attached(bench, tmp_path, [rule("exit 3", [], ["never.txt"])])


@pytest.mark.cctools
def test_stale_records_are_in_the_catalog(bench: Bench, tmp_path: Path) -> None:
    """All of them are there, with different ports, as if as many managers had just finished."""
    with catalog(bench, tmp_path) as server:
        add_stale_records(server.client, "old", 20, 22950)
        end = time.monotonic() + 10
        while len(found := server.client.query(["wq_master"])) < 20 and time.monotonic() < end:
            time.sleep(0.05)
    assert {record["port"] for record in found} == set(range(22950, 22970))


def test_the_first_task_is_read_from_the_transactions_log(tmp_path: Path) -> None:
    """The first RUNNING counts, in seconds; a log without any is an error."""
    log = tmp_path / "wq.log.tr"
    log.write_text(
        "1000000 7 TASK 1 WAITING default\n1500000 7 TASK 1 RUNNING 127.0.0.1:5\n2500000 7 TASK 2 RUNNING x\n"
    )
    assert first_running(log) == 1.5
    log.write_text("1000000 7 TASK 1 WAITING default\n")
    with pytest.raises(WorkflowFailed):
        first_running(log)


def test_what_processes_cost_is_read_from_the_kernel() -> None:
    """This process has used processor time and memory, shared memory counted once is no more than all of it."""
    used = memory([os.getpid()])
    assert 5 < used.pss_mb <= used.rss_mb < 2000
    assert 0 < cpu_seconds([os.getpid()]) < 10_000
    assert memory([]).rss_mb == 0


def test_ports_are_handed_out_once_and_only_when_free() -> None:
    """Neighbouring ports come in a row; the end of the range starts it again."""
    ports = Ports(22800, 22809)
    first, second = ports.take(4), ports.take(4)
    assert second >= first + 4
    assert 22800 <= ports.take(4) <= 22806
