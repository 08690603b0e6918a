"""Validation names every fault of a document, and nothing but `DocumentError` leaves it."""

import copy
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lmsvc.jobs
from lmsvc.jobs.context import ValidationContext
from lmsvc.jobs.faults import DocumentError, Fault
from lmsvc.jobs.limits import Limits
from lmsvc.jobs.validation import job_schema, validate_document
from tests.jobs.examples import CONTEXT, TOOLS, UPLOAD, document

Change = Callable[[dict[str, Any]], None]


def faults(data: object, context: ValidationContext = CONTEXT) -> tuple[Fault, ...]:
    """Return the faults found in a document."""
    try:
        validate_document(data, context)
    except DocumentError as error:
        return error.faults
    return ()


def put(value: object, *path: str | int) -> Change:
    """Return the change that puts a value somewhere into a document."""

    def change(data: dict[Any, Any]) -> None:
        place = data
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return change


def drop(*path: str) -> Change:
    """Return the change that takes a field out of a document."""

    def change(data: dict[Any, Any]) -> None:
        place = data
        for part in path[:-1]:
            place = place[part]
        del place[path[-1]]

    return change


def test_places_to_run_are_checked() -> None:
    """A pool must be there where the pools are known; hosts are checked for their form and for repetitions."""
    site = ValidationContext(TOOLS, CONTEXT.datasets, CONTEXT.uploads, pools=["occurrences", "sdm"])
    given = {**document(), "pool": "ocurrences", "hosts": ["beta", "gamma", "beta"]}
    assert faults(given, site) == (
        Fault("/hosts/2", "'beta' stands here twice"),
        Fault("/pool", "unknown pool 'ocurrences'; did you mean 'occurrences'?"),
    )
    assert [fault.pointer for fault in faults({**document(), "pool": 1, "hosts": ["be/ta"]}, site)] == [
        "/hosts/0",
        "/pool",
    ]
    assert [fault.pointer for fault in faults({**document(), "hosts": []}, site)] == ["/hosts"]
    taken = validate_document({**document(), "pool": "sdm", "hosts": ["beta"]}, site)
    assert (taken.pool, taken.hosts) == ("sdm", ["beta"])
    assert validate_document({**document(), "pool": "elsewhere"}, CONTEXT).pool == "elsewhere"


def test_a_good_document_is_taken() -> None:
    """Every way to write inputs, references and scatters is understood."""
    job = validate_document(document(), CONTEXT)
    assert list(job.steps) == ["split", "clean", "model", "rated", "encode"]
    assert job.steps["clean"].scatter == ["occurrences"]
    assert job.retries_of("model") == 2
    assert job.retries_of("split") == 1
    assert job.on_item_failure_of("encode") == "stop"
    assert job.on_item_failure_of("split") == "continue"


def test_a_document_survives_being_written_and_read() -> None:
    """What a document's model is written as is a document of the same meaning."""
    job = validate_document(document(), CONTEXT)
    assert validate_document(json.loads(job.model_dump_json(by_alias=True, exclude_unset=True)), CONTEXT) == job


MISTAKES: list[tuple[Change, str, str]] = [
    (put("creat", "steps", "model", "run"), "/steps/model/run", "unknown tool 'creat'"),
    (put("modle", "steps", "model", "run"), "/steps/model/run", "did you mean 'model'?"),
    (put(5, "steps", "model", "run"), "/steps/model/run", "must be a text"),
    (drop("steps", "model", "run"), "/steps/model/run", "missing"),
    (drop("steps", "model", "in", "layers"), "/steps/model/in", "input 'layers' of model (File[]) is missing"),
    (put("inputs/mask", "steps", "model", "in", "pionts"), "/steps/model/in/pionts", "did you mean 'points'?"),
    (put("inputs/laiers", "steps", "rated", "in", "layers"), "/steps/rated/in/layers", "did you mean 'layers'?"),
    (put("cleen/occurrences", "steps", "model", "in", "points"), "/steps/model/in/points", "did you mean 'clean'?"),
    (put("clean/occurrence", "steps", "model", "in", "points"), "/steps/model/in/points", "'occurrences'?"),
    (put(["model/model", "x/y"], "steps", "encode", "in", "layers"), "/steps/encode/in/layers/1", "unknown step 'x'"),
    (put({"source": ["inputs/x"]}, "steps", "encode", "in", "layers"), "/steps/encode/in/layers/source/0", "unknown"),
    (put({"source": 5}, "steps", "encode", "in", "layers"), "/steps/encode/in/layers/source", "must be a text"),
    (put("model", "steps", "encode", "in", "layers"), "/steps/encode/in/layers", "'inputs/NAME' or 'STEP/OUTPUT'"),
    (put([], "steps", "encode", "in", "layers"), "/steps/encode/in/layers", "at least 1"),
    (put(None, "steps", "encode", "in", "layers"), "/steps/encode/in/layers", "must be a reference"),
    (put({"value": "x"}, "steps", "encode", "in", "cells"), "/steps/encode/in/cells", "takes int, this is a string"),
    (put({"value": True}, "steps", "encode", "in", "cells"), "/steps/encode/in/cells", "takes int, this is a boolean"),
    (put("inputs/rates", "steps", "encode", "in", "cells"), "/steps/encode/in/cells", "takes int"),
    (put("inputs/mask", "steps", "rated", "in", "layers"), "/steps/rated/in/layers", 'write ["inputs/mask"]'),
    (put("inputs/layers", "steps", "split", "in", "occurrences"), "/steps/split/in/occurrences", "scatter over it"),
    (put({"value": "a.csv"}, "steps", "split", "in", "occurrences"), "/steps/split/in/occurrences", "files come from"),
    (put({"value": "slow"}, "steps", "model", "in", "mode"), "/steps/model/in/mode", "one of fast, exact"),
    (put("clean/count", "steps", "model", "in", "points"), "/steps/model/in/points", "would get int"),
    (put("clean/notes", "steps", "model", "in", "points"), "/steps/model/in/points", "would get File?"),
    (put(["clean/count"], "steps", "encode", "in", "layers"), "/steps/encode/in/layers/0", "elements"),
    (put(["inputs/mask"], "steps", "split", "in", "occurrences"), "/steps/split/in/occurrences", "makes an array"),
    (put("occurrences", "steps", "split", "scatter"), "/steps/split/scatter", "nothing to scatter over"),
    (put(["points", "mode"], "steps", "model", "scatter"), "/steps/model/scatter/1", "unknown input of this step"),
    (put(["rate", "points", "rate"], "steps", "rated", "scatter"), "/steps/rated/scatter/2", "twice"),
    (put({"value": [1, 2, 3]}, "steps", "rated", "in", "rate"), "/steps/rated/scatter", "rate has 3, points has 2"),
    (put({"value": [1, "x"]}, "steps", "rated", "in", "rate"), "/steps/rated/in/rate", "each item takes float?"),
    (put("points", "steps", "model", "scater"), "/steps/model/scater", "unknown field; did you mean 'scatter'?"),
    (put("x", "nam"), "/nam", "unknown field; did you mean 'name'?"),
    (put("x", "inputs", "mask", "layr"), "/inputs/mask/layr", "unknown field; did you mean 'layer'?"),
    (put("bio2", "inputs", "mask", "layer"), "/inputs/mask/layer", "unknown layer of climate 'bio2'"),
    (put(["bio1", "bio1"], "inputs", "layers", "layers"), "/inputs/layers/layers/1", "twice"),
    (put("climat", "inputs", "every", "dataset"), "/inputs/every/dataset", "did you mean 'climate'?"),
    (put("b" * 32, "inputs", "more", 1, "upload"), "/inputs/more/1/upload", "there is no upload"),
    (put("x" * 301, "inputs", "more", 1, "label"), "/inputs/more/1/label", "longer than 300"),
    (put(float("nan"), "inputs", "rates", "value"), "/inputs/rates/value", "not finite"),
    (put(2**64, "inputs", "rates", "value"), "/inputs/rates/value", "too large"),
    (put({"upload": UPLOAD}, "inputs", "No~/pe"), "/inputs/No~0~1pe", "lower-case letters"),
    (put({"upload": UPLOAD}, "inputs", "x" * 65), f"/inputs/{'x' * 65}", "at most 64"),
    (put({"run": "split"}, "steps", "inputs"), "/steps/inputs", "cannot be named 'inputs'"),
    (put(3, "steps", "3"), "/steps/3", "must be an object"),
    (put({}, "steps"), "/steps", "at least 1"),
    (put([], "inputs"), "/inputs", "must be an object"),
    (put(7, "steps", "model", "in"), "/steps/model/in", "must be an object"),
    (put(-1, "retries"), "/retries", "greater than or equal to 0"),
    (put("2", "retries"), "/retries", "whole number"),
    (put("halt", "on_item_failure"), "/on_item_failure", "'continue' or 'stop'"),
    (put(["encode/matrx"], "outputs"), "/outputs/0", "did you mean 'matrix'?"),
    (put(["inputs/mask"], "outputs"), "/outputs/0", "inputs of the job are none"),
    (put(["encode/matrix", "encode/matrix"], "outputs"), "/outputs/1", "twice"),
    (put([], "outputs"), "/outputs", "at least 1"),
    (put("x\0", "name"), "/name", "U+0000"),
    (put("\ud800", "name"), "/name", "surrogate"),
]


@pytest.mark.parametrize(("change", "pointer", "detail"), MISTAKES, ids=[f"{at}:{said}" for _, at, said in MISTAKES])
def test_a_mistake_is_named_with_its_place(change: Change, pointer: str, detail: str) -> None:
    """One mistake gives a fault at its place that says what to do."""
    data = document()
    change(data)
    found = faults(data)
    assert any(fault.pointer == pointer and detail in fault.detail for fault in found), found


def test_all_mistakes_are_named_at_once() -> None:
    """Mistakes of different kinds in one document are all reported in one go, and none that follow from others."""
    data = document()
    data["nam"] = "x"
    data["steps"]["split"]["run"] = "splat"
    data["steps"]["model"]["in"]["mode"] = {"value": "slow"}
    data["steps"]["rated"]["retries"] = "many"
    data["outputs"].append("encode/x")
    assert [fault.pointer for fault in faults(data)] == [
        "/nam",
        "/outputs/2",
        "/steps/model/in/mode",
        "/steps/rated/retries",
        "/steps/split/run",
    ]


def test_a_circle_is_named() -> None:
    """Steps that need each other are named in order."""
    data = document()
    data["steps"]["split"]["in"]["occurrences"] = "encode/matrix"
    [fault] = faults(data)
    assert fault.pointer == "/steps/split"
    assert "split -> encode -> model -> clean -> split" in fault.detail


def test_limits_hold() -> None:
    """Too many steps, too many items and too deep a nesting are refused."""
    assert "more than 4 steps" in faults(document(), ValidationContext(TOOLS, limits=Limits(steps=4)))[0].detail
    bounded = ValidationContext(TOOLS, CONTEXT.datasets, limits=Limits(items=3))
    assert [fault.detail for fault in faults(document(), bounded)] == ["4 items, more than 3"]
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert faults(deep)[0].detail == "nested more than 32 levels deep"


def test_a_huge_bad_document_is_answered_soon() -> None:
    """Thousands of faults are cut off at a hundred, in little time."""
    inputs = {f"i{number}": {"upload": "x", "lable": number} for number in range(20_000)}
    bindings = {"layers": [f"inputs/j{number}" for number in range(20_000)]}
    data = {"name": "x", "inputs": inputs, "steps": {"a": {"run": "encode", "in": bindings}}, "outputs": ["a/matrix"]}
    start = time.perf_counter()
    found = faults(data)
    seconds = time.perf_counter() - start
    print(f"{seconds:.2f} s for {len(json.dumps(data))} bytes")
    assert len(found) == 101
    assert seconds < 10


def test_the_published_schema_is_the_schema() -> None:
    """The file that is published is what the model says, a valid schema, and good documents conform to it."""
    published = json.loads((Path(lmsvc.jobs.__file__).parent / "job.schema.json").read_text("utf-8"))
    assert published == job_schema()
    jsonschema_rs.meta.validate(published)
    validator = jsonschema_rs.Draft202012Validator(published)
    assert validator.is_valid(document())
    assert not validator.is_valid({**document(), "steps": {"A": {"run": "x"}}})


FIELDS = ["inputs", "steps", "in", "run", "scatter", "upload", "value", "source", "dataset", "layers", "layer", "label"]
NAMES = ["split", "clean", "model", "encode", "occurrences", "points", "split/species", "inputs/more", "encode/matrix"]
WORDS = st.sampled_from([*FIELDS, *NAMES, "", "~", "/", "\0", "\ud800", "[key]", UPLOAD, "climate"])
ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS
JSON = st.recursive(
    ATOMS, lambda some: st.lists(some, max_size=4) | st.dictionaries(WORDS | st.text(max_size=4), some), max_leaves=25
)


@given(JSON)
def test_any_json_is_answered(data: object) -> None:
    """Whatever JSON is sent, either it is a document or faults are named; they can be written as UTF-8."""
    for fault in faults(data):
        assert fault.pointer == "" or fault.pointer.startswith("/")
        json.dumps([fault.pointer, fault.detail], ensure_ascii=False).encode()


@given(st.data())
def test_any_mutation_of_a_good_document_is_answered(data: st.DataObject) -> None:
    """A good document with random parts replaced, removed or added gives a document or faults, always the same."""
    mutant = document()
    for _ in range(data.draw(st.integers(1, 4))):
        _mutate(mutant, data)
    found = faults(copy.deepcopy(mutant))
    assert found == faults(mutant)
    json.dumps([[fault.pointer, fault.detail] for fault in found], ensure_ascii=False).encode()


def _mutate(document: dict[str, Any], data: st.DataObject) -> None:
    places = list(_places(document))
    parent, key = data.draw(st.sampled_from(places)) if places else (document, "name")
    match data.draw(st.sampled_from(["replace", "remove", "add"])):
        case "replace":
            parent[key] = data.draw(JSON)
        case "remove":
            del parent[key]
        case _ if isinstance(parent, dict):
            parent[data.draw(WORDS | st.text(max_size=4))] = data.draw(JSON)


def _places(value: object) -> Iterator[tuple[Any, Any]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield value, key
        yield from _places(part)
