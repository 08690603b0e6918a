"""The step runner, run as a program of its own the way a worker runs it."""

import ast
import json
import os
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmsvc.worker.step_runner import (
    Bundle,
    BundleError,
    command_line,
    extract,
    read_status,
    safe_name,
    unique_name,
    write_bundle,
)
from tests.worker.lab import alive, wait_for

RUNNER = Path(sys.modules[Bundle.__module__].__file__ or "")
FILE = {"type": "File", "binding": None}


class Job:
    """Tasks in a directory, run one after another."""

    def __init__(self, directory: Path) -> None:
        """Run in ``directory``."""
        self.directory = directory
        self.limits: dict[str, float] = {"memory_mb": 300, "seconds": 30, "disk_mb": 100}
        self.environment = {"PATH": os.environ["PATH"], "LMSVC_HOST": "node1"}

    def run(self, script: str, items: list[dict[str, Any]] | None = None, **more: object) -> list[dict[str, Any]]:
        """Run a task whose tool is a shell script; return its items."""
        found: list[dict[str, Any]] = self.status(script, items, **more)["items"]
        return found

    def status(self, script: str, items: list[dict[str, Any]] | None = None, **more: object) -> dict[str, Any]:
        """Run a task; return the status of its bundle."""
        spec = self.task(script, items, **more)
        result = self.start(spec)
        assert (result.returncode, result.stderr) == (0, "")
        return read_status(self.directory / spec["bundle"])

    def task(self, script: str, items: list[dict[str, Any]] | None = None, **more: object) -> dict[str, Any]:
        """Return a task's specification."""
        tool = {
            "id": "script",
            "base_command": more.get("command") or ["sh", "-c", script],
            "arguments": more.get("arguments", []),
            "inputs": more.get("inputs", {}),
            "outputs": more.get("outputs", {}),
            "success_codes": [0],
        }
        name = str(more.get("name", "s.1.0000"))
        items = [{"index": 0, "label": None, "inputs": {}}] if items is None else items
        head = {
            "format": 1,
            "task": name,
            "step": name.split(".", maxsplit=1)[0],
            "bundle": f"{name}.tar",
            "limits": self.limits,
        }
        place = {"place": more["place"]} if "place" in more else {}
        return {**head, **place, "tool": tool, "common": more.get("common", {}), "items": items}

    def start(self, spec: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        """Run the runner on a specification to its end."""
        (self.directory / "task.json").write_text(json.dumps(spec))
        words = [sys.executable, str(RUNNER), "task.json"]
        return subprocess.run(
            words, cwd=self.directory, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def begin(self, spec: dict[str, Any], *inherited: int) -> subprocess.Popen[bytes]:
        """Start the runner on a specification, with some of this process's descriptors, as a worker does."""
        (self.directory / "task.json").write_text(json.dumps(spec))
        words = [sys.executable, str(RUNNER), "task.json"]
        return subprocess.Popen(words, cwd=self.directory, env=self.environment, pass_fds=inherited)

    def content(self, name: str, member: str) -> str:
        """Return the text of a member of a bundle."""
        target = self.directory / "extracted"
        extract(self.directory / f"{name}.tar", member, target)
        return target.read_text()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A directory to run tasks in."""
    return Job(tmp_path)


def _items(**inputs: object) -> list[dict[str, Any]]:
    return [{"index": 0, "label": None, "inputs": inputs}]


def _plain_items(number: int) -> list[dict[str, Any]]:
    return [{"index": index, "label": None, "inputs": {}} for index in range(number)]


def test_outputs_come_back_with_their_checksums(job: Job) -> None:
    """A globbed output is in the bundle with size and sha256, labelled like its item."""
    items = [{"index": 17, "label": "Heuchera alba", "inputs": {}}]
    outputs = {"model": {"type": "File", "glob": "m*.txt"}}
    (item,) = job.run("printf hello >model.txt; echo out; echo err >&2", items, outputs=outputs)
    assert item["outputs"]["model"] == {
        "class": "File",
        "path": "17/outputs/model/model.txt",
        "basename": "model.txt",
        "label": "Heuchera alba",
        "size": 5,
        "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    }
    assert (item["state"], item["exit_code"], item["signal"], item["reason"]) == ("succeeded", 0, None, None)
    assert job.content("s.1.0000", "17/outputs/model/model.txt") == "hello"
    assert (job.content("s.1.0000", "17/stdout"), item["stderr_tail"]) == ("out\n", "err")


def test_bundle_begins_with_its_status_and_holds_no_times(job: Job) -> None:
    """The first member is status.json, and members carry neither times nor owners."""
    job.run("echo x >a", outputs={"a": {"type": "File", "glob": "a"}})
    with tarfile.open(job.directory / "s.1.0000.tar") as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == ["status.json", "0/outputs/a/a"]
    assert {(member.mtime, member.uid, member.uname) for member in members} == {(0, 0, "")}


def test_items_fail_alone(job: Job) -> None:
    """One item's failure is said in words and leaves the others alone."""
    script = 'case "$(cat inputs.json)" in *1*) exit 3;; *2*) kill -9 $$;; esac'
    inputs = {"n": {"type": "int", "binding": None}}
    items = [{"index": n, "label": None, "inputs": {"n": {"value": n}}} for n in range(4)]
    found = job.run(script, items, inputs=inputs)
    assert [(item["state"], item["reason"], item["exit_code"], item["signal"]) for item in found] == [
        ("succeeded", None, 0, None),
        ("failed", "exit code 3", 3, None),
        ("failed", "killed by signal 9", None, 9),
        ("succeeded", None, 0, None),
    ]


def test_missing_program_is_named(job: Job) -> None:
    """A tool that is not installed is named together with the host."""
    (item,) = job.run("", command=["no-such-tool"])
    assert item["reason"] == "tool program 'no-such-tool' is not installed on host node1"


@pytest.mark.parametrize(("image", "whose"), [("site/maxent:3", "image site/maxent:3"), ("", "the worker image")])
def test_the_image_that_lacks_a_program_is_named(job: Job, image: str, whose: str) -> None:
    """The reason names program, tool, pool and image, as far as the specification tells of them."""
    (item,) = job.run("", command=["no-such-tool"], place={"pool": "sdm", "image": image})
    missing = "tool program 'no-such-tool' is not installed on host node1"
    assert item["reason"] == f"{missing}: {whose} of pool sdm lacks what tool script needs"


def test_program_that_cannot_start_is_named(job: Job) -> None:
    """A program the kernel refuses fails its item with the kernel's word."""
    program = job.directory / "broken"
    program.write_bytes(b"\x7fELF nothing")
    program.chmod(0o755)
    (item,) = job.run("", command=[str(program)])
    assert item["reason"] == f"cannot start {program} on host node1: Exec format error"


def test_memory_limit_counts_the_whole_tree(job: Job) -> None:
    """Two children of 120 MB each pass a limit of 200 MB and all of the tool is killed."""
    job.limits["memory_mb"] = 200
    eat = f"{sys.executable} -c 'import time; x = bytearray(120_000_000); time.sleep(20)'"
    started = time.monotonic()
    (item,) = job.run(f"{eat} & {eat} & wait")
    assert item["state"] == "failed"
    assert item["reason"].startswith("used 2")
    assert item["reason"].endswith("MB, more than the 200 MB allowed")
    assert item["peak_memory_mb"] > 200
    print(f"killed after {time.monotonic() - started:.2f} s: {item['reason']}")


def test_time_limit(job: Job) -> None:
    """A tool that runs too long is killed with everything it started."""
    job.limits["seconds"] = 0.5
    (item,) = job.run(f"sleep 50 & echo $! >{job.directory}/pid; sleep 50")
    assert item["reason"] == "ran longer than the 0.5 s allowed"
    assert not alive(int((job.directory / "pid").read_text()))


def test_disk_limit(job: Job) -> None:
    """A tool that writes too much is killed."""
    job.limits["disk_mb"] = 5
    (item,) = job.run("dd if=/dev/zero of=big bs=1M count=20 2>/dev/null; sleep 20")
    assert item["reason"] == "wrote 21 MB of files, more than the 5 MB allowed"


def test_nothing_of_a_tool_outlives_its_item(job: Job) -> None:
    """What a tool leaves in a session of its own is killed when the tool has ended."""
    (item,) = job.run(f"setsid sh -c 'trap \"\" TERM HUP; echo $$ >{job.directory}/pid; sleep 60; :' & sleep 0.3")
    assert item["state"] == "succeeded"
    assert not alive(int((job.directory / "pid").read_text()))


def test_runner_leads_the_group_that_its_worker_kills(job: Job) -> None:
    """Even where the worker's own attempt to make the group came too late."""
    (item,) = job.run('test "$(ps -o pgid= -p $PPID)" -eq $PPID')
    assert item["state"] == "succeeded", item


def test_killed_runner_takes_its_tool_with_it_by_signal(job: Job) -> None:
    """A runner whose parent dies ends its tool, children and all."""
    note = job.directory / "pid"
    spec = job.task(f"setsid sh -c 'trap \"\" TERM HUP; echo $$ >{note}; sleep 60; :' & sleep 60")
    (job.directory / "task.json").write_text(json.dumps(spec))
    words = ["sh", "-c", f"{sys.executable} {RUNNER} task.json; :"]
    parent = subprocess.Popen(words, cwd=job.directory, env=job.environment)
    wait_for("tool", lambda: note.exists() and note.read_text().endswith("\n"))
    parent.kill()
    parent.wait()
    wait_for("end of the tool", lambda: not alive(int(note.read_text())), 5)


@pytest.mark.parametrize(
    ("script", "output"),
    [
        ("ln -s /etc/passwd a", {"glob": "a"}),
        ("mkfifo a", {"glob": "a"}),
        ("ln /etc/hostname a || ln inputs.json a", {"glob": "a"}),
        ("mkdir a", {"glob": "a"}),
        ("ln -s /etc d", {"glob": "d/passwd"}),
        ('echo \'{"a": {"class": "File", "path": "/etc/passwd"}}\' >cwl.output.json', {}),
        ('echo \'{"a": {"class": "File", "path": "../../../task.json"}}\' >cwl.output.json', {}),
        ("echo x >x; ln -s x a", {"glob": "*a"}),
    ],
)
def test_only_plain_files_of_its_own_are_outputs(job: Job, script: str, output: dict[str, str]) -> None:
    """Links, pipes, directories and files elsewhere make the item failed, and nothing of them is taken."""
    (item,) = job.run(script, outputs={"a": {"type": "File", **output}})
    assert (item["state"], item["reason"]) == ("failed", "output a is not a plain file in the job's directory")
    assert item["outputs"] == {}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("true", "output a was not made: nothing matches *.txt"),
        ("touch 1.txt 2.txt", "output a is ambiguous: 2 files match *.txt"),
        ("echo '[' >cwl.output.json", "cwl.output.json is not JSON"),
        ("echo '[1]' >cwl.output.json", "cwl.output.json is not an object"),
        ("echo '{}' >cwl.output.json", "output a is missing in cwl.output.json"),
        ('echo \'{"a": "x"}\' >cwl.output.json', "output a in cwl.output.json is not a File with a path"),
        ('echo \'{"a": {"path": "no"}}\' >cwl.output.json', "output a was not made: there is no file no"),
        ('echo \'{"a": {"path": "x\\u0000"}}\' >cwl.output.json', "output a is not a plain file"),
    ],
)
def test_wrong_outputs_are_explained(job: Job, script: str, reason: str) -> None:
    """What is wrong with an output is said in words."""
    (item,) = job.run(script, outputs={"a": {"type": "File", "glob": "*.txt"}})
    assert item["state"] == "failed"
    assert item["reason"].startswith(reason)


def test_tool_may_describe_its_outputs(job: Job) -> None:
    """The output object a tool writes gives values, arrays, labels; it wins over globs."""
    made = {
        "all": [{"class": "File", "path": "d/a", "label": "Ä b"}, {"class": "File", "path": "a", "label": None}],
        "n": 5,
    }
    (job.directory / "made.json").write_text(json.dumps(made))
    outputs = {"all": {"type": "File[]", "glob": "*"}, "n": {"type": "int"}, "more": {"type": "File?", "glob": "x"}}
    (item,) = job.run(f"mkdir d; echo 1 >d/a; echo 2 >a; cp {job.directory}/made.json cwl.output.json", outputs=outputs)
    files = item["outputs"]["all"]
    assert [(file["path"], file["label"]) for file in files] == [
        ("0/outputs/all/a", "Ä b"),
        ("0/outputs/all/a-2", None),
    ]
    assert (item["outputs"]["n"], item["outputs"]["more"]) == (5, None)


def test_skipped_by_the_tool(job: Job) -> None:
    """A tool may skip an item with a reason; outputs may then be missing."""
    script = 'echo \'{"lmsvc:skipped": "no record left"}\' >cwl.output.json'
    (item,) = job.run(script, outputs={"a": {"type": "File", "glob": "a"}})
    assert (item["state"], item["reason"]) == ("skipped", "no record left")


def test_inputs_are_placed_and_bound(job: Job) -> None:
    """Inputs are described in inputs.json, placed under safe names that never meet, and bound to words."""
    for name in ("one", "two"):
        (job.directory / name).write_text(name)
    inputs = {
        "layers": {"type": "File[]", "binding": {"prefix": "--layers", "position": 2, "item_separator": ","}},
        "seed": {"type": "int", "binding": {"prefix": "--seed=", "separate": False, "position": 1}},
        "quiet": {"type": "boolean", "binding": {"prefix": "-q"}},
        "none": {"type": "string?", "binding": {"prefix": "--none"}},
    }
    layers = [
        {"file": "one", "basename": "Lay er;$(x).tif", "label": "L 1"},
        {"file": "two", "basename": "lay_ER;x.tif"},
    ]
    common = {"layers": {"merge": layers}, "seed": {"value": 7}, "quiet": {"value": True}}
    (item,) = job.run(
        "", command=["sh", "-c", 'cat inputs.json inputs/*/*; echo "$@" >&2', "x"], inputs=inputs, common=common
    )
    assert item["stderr_tail"] == "-q --seed=7 --layers inputs/layers/Lay_er_x_.tif,inputs/layers/lay_ER_x.tif"
    seen = job.content("s.1.0000", "0/stdout")
    assert seen.endswith("onetwo")
    told = json.loads(seen.removesuffix("onetwo"))
    assert told["layers"][0]["label"] == "L 1"
    assert (told["seed"], told["none"]) == (7, None)


def test_missing_input_file_fails_the_item(job: Job) -> None:
    """A file that is not on this host is named."""
    (item,) = job.run("true", _items(x={"file": "/nowhere/x", "basename": "x"}), inputs={"x": FILE})
    assert item["reason"] == "input file /nowhere/x is not there on host node1"


def _first_step(job: Job) -> None:
    """Run a step of four items: one good, one skipped, one failed, one good with an array."""
    script = """
        case $1 in
        1) echo '{"lmsvc:skipped": "no record left"}' >cwl.output.json;;
        2) exit 1;;
        *) echo "$1" >a; echo x >x1; echo y >x2;
        esac"""
    labels = ["Alba", "Beta", None, "Delta"]
    items = [{"index": n, "label": labels[n], "inputs": {"n": {"value": n}}} for n in range(4)]
    inputs = {"n": {"type": "int", "binding": {}}}
    outputs = {"a": {"type": "File", "glob": "a"}, "many": {"type": "File[]", "glob": "x*"}}
    job.run("", items, name="clean.1.0000", command=["sh", "-c", script, "x"], inputs=inputs, outputs=outputs)


def test_following_step_takes_what_the_one_before_made(job: Job) -> None:
    """Items take outputs, labels and reasons from the items they depend on."""
    _first_step(job)
    source = {"bundle": "clean.1.0000.tar", "output": "a", "element": None}
    items = [{"index": n, "label": None, "inputs": {"x": {**source, "item": n}}} for n in range(4)]
    found = job.run("cat inputs/x/a", items, name="model.1.0000", inputs={"x": FILE})
    assert [(item["state"], item["label"], item["reason"]) for item in found] == [
        ("succeeded", "Alba", None),
        ("skipped", "Beta", "skipped, because clean Beta: no record left"),
        ("not_run", None, "not run, because clean failed: exit code 1"),
        ("succeeded", "Delta", None),
    ]
    after = {"bundle": "model.1.0000.tar", "output": "no"}
    third = [{"index": n, "label": None, "inputs": {"x": {**after, "item": n}}} for n in (1, 2)]
    last = job.run("true", third, name="map.1.0000", inputs={"x": FILE})
    assert [item["reason"] for item in last] == [item["reason"] for item in found[1:3]]


def test_elements_and_gathers(job: Job) -> None:
    """One element of an array, or all outputs of the items that succeeded in order."""
    _first_step(job)
    element = {"bundle": "clean.1.0000.tar", "item": 3, "output": "many", "element": 1}
    (one,) = job.run("cat inputs/x/*", _items(x=element), inputs={"x": FILE})
    assert (job.content("s.1.0000", "0/stdout"), one["label"]) == ("y\n", "Delta")
    gather = {"gather": [{"bundle": "clean.1.0000.tar", "items": None}], "output": "many"}
    array = {"x": {"type": "File[]", "binding": None}}
    job.run("cat inputs/x/*; ls inputs/x", _items(), inputs=array, common={"x": gather})
    assert job.content("s.1.0000", "0/stdout") == "x\nx\ny\ny\nx1\nx1-2\nx2\nx2-2\n"


@pytest.mark.parametrize(
    ("wanted", "state", "reason"),
    [
        ([1], "skipped", "no element of clean/a is left"),
        ([1, 2], "not_run", "not run, because clean failed: exit code 1"),
        ([], "skipped", "no element is left for input x"),
    ],
)
def test_gather_of_nothing(job: Job, wanted: list[int], state: str, reason: str) -> None:
    """Where nothing is left to gather, the item is skipped, or not run if something failed; unless it may be empty."""
    _first_step(job)
    gather = {"gather": [{"bundle": "clean.1.0000.tar", "items": wanted}], "output": "a"}
    (item,) = job.run("true", _items(x=gather), inputs={"x": {"type": "File[]"}})
    assert (item["state"], item["reason"]) == (state, reason)
    (item,) = job.run("true", _items(x=gather), inputs={"x": {"type": "File[]?"}})
    assert item["state"] == "succeeded"


def test_damaged_bundle_is_trouble_with_the_infrastructure(job: Job) -> None:
    """A runner that cannot read a bundle exits 1, so that Makeflow tries again, and writes none itself."""
    _first_step(job)
    whole = (job.directory / "clean.1.0000.tar").read_bytes()
    (job.directory / "clean.1.0000.tar").write_bytes(whole[:-1500])
    spec = job.task("true", _items(x={"bundle": "clean.1.0000.tar", "item": 0, "output": "a"}), inputs={"x": FILE})
    result = job.start(spec)
    assert result.returncode == 1
    assert "clean.1.0000.tar is not a complete bundle" in result.stderr
    assert not (job.directory / spec["bundle"]).exists()


def test_a_task_that_was_taken_back_begins_nothing_more(job: Job) -> None:
    """Once the worker has removed the sandbox no item and no other try begins, and there is no bundle."""
    sandbox = job.directory / "sandbox"
    sandbox.mkdir()
    taken = Job(sandbox)
    script = f"echo x >>{job.directory}/starts; rm -rf {sandbox}; exit 3"
    spec = {**taken.task(script, _plain_items(3)), "retries": 2}
    result = taken.start(spec)
    assert result.returncode == 1
    assert "taken the task back" in result.stderr
    assert (job.directory / "starts").read_text() == "x\n"


def test_a_task_ends_when_its_worker_has_lost_its_manager(job: Job) -> None:
    """As soon as the worker closes its connection the tool and the runner end, and there is no bundle."""
    spec = job.task(f"echo $$ >{job.directory}/pid; exec sleep 60", [*_plain_items(2)])
    started = job.directory / "pid"
    with socket.create_server(("127.0.0.1", 0)) as manager:
        line = socket.create_connection(manager.getsockname())
        process = job.begin(spec, line.fileno())
        wait_for("tool", lambda: started.exists() and started.read_text().endswith("\n"))
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        line.close()
        assert process.wait(10) == 1
    assert not alive(int(started.read_text()))
    assert not (job.directory / spec["bundle"]).exists()


def test_a_runner_that_takes_its_time_to_end_has_ended_well(job: Job) -> None:
    """Looking at the worker's connection stops with the task, not when the interpreter is gone."""
    slow = "import time\nclass Slow:\n    def __del__(self, wait=time.sleep):\n        wait(0.5)\nkept = Slow()\n"
    (job.directory / "sitecustomize.py").write_text(slow)
    job.environment["PYTHONPATH"] = str(job.directory)
    spec = job.task("true")
    with socket.create_server(("127.0.0.1", 0)) as manager, socket.create_connection(manager.getsockname()) as line:
        assert job.begin(spec, line.fileno()).wait(60) == 0
    assert read_status(job.directory / spec["bundle"])["items"][0]["state"] == "succeeded"


def test_long_streams_keep_head_and_tail(job: Job) -> None:
    """Of 3 MB of output the first and last half megabyte come back."""
    (item,) = job.run("echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last")
    text = job.content("s.1.0000", item["stdout"])
    assert 1_000_000 < len(text) < 1_000_100
    assert text.startswith("first\n")
    assert text.endswith("x\nlast\n")
    assert "bytes left out" in text


def test_tools_see_directories_of_their_own(job: Job) -> None:
    """Home and temporary directory are empty at each item's start, and threads follow the cores given."""
    job.environment["CORES"] = "3"
    look, leave = 'ls -A . "$HOME" "$TMPDIR"', 'touch left "$HOME/.left" "$TMPDIR/left"'
    job.run(f"{look}; {leave}; echo $OMP_NUM_THREADS $PYTHONHASHSEED $MPLBACKEND", _plain_items(2))
    outputs = [job.content("s.1.0000", f"{n}/stdout") for n in range(2)]
    assert outputs[0] == outputs[1]
    assert ".left" not in outputs[0]
    assert outputs[0].endswith("3 0 Agg\n")


def test_full_disk_is_named(job: Job) -> None:
    """On a full disk items fail by that reason, and a bundle that says so is still written."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    small = job.directory / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(small)], check=True)
    try:
        inner = Job(small)
        (item,) = inner.run("head -c 5000000 /dev/zero >a", outputs={"a": {"type": "File", "glob": "a"}})
        kept = inner.run("head -c 700000 /dev/zero >a", outputs={"a": {"type": "File", "glob": "a"}})
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert item["reason"] == f"no space on node1:{small}"
    assert [one["reason"] for one in kept] == [f"no space on node1:{small}"]


def test_thousand_trivial_items_are_fast(job: Job) -> None:
    """A thousand items of `true` in one task take a moment."""
    seconds = job.status("", _plain_items(1000), command=["true"])["seconds"]
    print(f"1,000 items in {seconds:.2f} s")
    assert seconds < 12.5


def test_bundles_report_what_is_wrong(tmp_path: Path) -> None:
    """A bundle that is absent, no bundle, or lacks a member is refused in words."""
    with pytest.raises(BundleError, match=r"a\.tar is not a complete bundle"):
        read_status(tmp_path / "a.tar")
    (tmp_path / "a.tar").write_bytes(bytes(1024))
    with pytest.raises(BundleError, match=r"no status\.json"):
        read_status(tmp_path / "a.tar")
    write_bundle(tmp_path / "a.tar", {"format": 1, "items": []}, {})
    with pytest.raises(BundleError, match="has no member x"):
        extract(tmp_path / "a.tar", "x", tmp_path / "x")


@given(st.text(max_size=300))
def test_any_label_gives_a_safe_name(label: str) -> None:
    """Whatever the label, the file name is short, plain and harmless."""
    name = safe_name(label)
    assert 1 <= len(name) <= 80
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert name[0] not in ".-"


@given(st.lists(st.sampled_from(["a.tif", "A.tif", "a-2.tif", "b", "B"]), max_size=8))
def test_unique_names_never_meet(names: list[str]) -> None:
    """Names made unique differ even where a file system ignores case."""
    taken: set[str] = set()
    made = [unique_name(name, taken) for name in names]
    assert len({name.lower() for name in made}) == len(names)


def test_arrays_and_flags_are_bound_as_cwl_binds_them() -> None:
    """Prefix once before the items of an array; a true flag is its prefix alone, a false one nothing."""
    bindings = {
        "names": {"type": "string[]", "binding": {"prefix": "-n", "position": 2}},
        "on": {"type": "boolean", "binding": {"prefix": "--on", "position": 1}},
        "off": {"type": "boolean", "binding": {"prefix": "--off"}},
        "rate": {"type": "float", "binding": {"position": 3}},
        "unbound": {"type": "int", "binding": None},
    }
    values = {"names": ["a b", "$(c)"], "on": True, "off": False, "rate": 0.5, "unbound": 1}
    words = command_line({"base_command": ["t"], "arguments": ["x"], "inputs": bindings}, values)
    assert words == ["t", "x", "--on", "-n", "a b", "$(c)", "0.5"]


def test_runner_speaks_old_python() -> None:
    """The file compiles for Python 3.9, the oldest a worker image may have."""
    ast.parse(RUNNER.read_text(), feature_version=(3, 9))
