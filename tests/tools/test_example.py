"""The shipped example's document, run tool by tool."""

import filecmp
import json
from pathlib import Path

import pytest

from lmsvc.examples.species import LOST, NAMES, RARE
from lmsvc.examples.synthetic import write_example
from lmsvc.jobs.context import ValidationContext
from lmsvc.jobs.validation import validate_document
from lmsvc.registry import load_tools
from tests.tools.chain import Chain
from tests.tools.matrices import read_table
from tests.tools.running import DESCRIPTIONS


def test_inputs_are_equal_for_equal_seeds(tmp_path: Path) -> None:
    """The same seed gives the same bytes, another seed other records."""
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        write_example(tmp_path / name, seed)
    names = [path.name for path in (tmp_path / "one").iterdir()]
    assert filecmp.cmpfiles(tmp_path / "one", tmp_path / "same", names, shallow=False) == (names, [], [])
    assert not filecmp.cmp(tmp_path / "one/occurrences.csv", tmp_path / "other/occurrences.csv", shallow=False)


def test_document_is_valid(tmp_path: Path) -> None:
    """The service accepts the example once its files are uploaded."""
    text = write_example(tmp_path).read_text(encoding="utf-8")
    uploaded = json.loads(text, object_hook=lambda value: {"upload": "0" * 32} if "file" in value else value)
    validate_document(uploaded, ValidationContext(tools=load_tools([DESCRIPTIONS])))


@pytest.mark.full
def test_chain_gives_what_the_example_promises(tmp_path: Path) -> None:
    """All species but the lost one are modelled, the rare one as a range, and the statistics are finite."""
    chain = Chain(write_example(tmp_path / "inputs"), tmp_path / "steps").run()
    skipped = [reason for _, reason in chain.results["clean"] if reason]
    assert skipped == ["none of 18 records is left: coordinates removed 4, BoundingBoxFilter removed 14"]
    reports = [json.loads(Path(done["report"]["path"]).read_text()) for done, _ in chain.results["model"]]
    methods = {report["species"]: report["method"] for report in reports}
    assert set(methods) == set(NAMES) - {LOST}
    assert methods.pop(RARE) == "rare species (convex hull and ecoregions)"
    assert set(methods.values()) == {"maxent (elapid)"}
    sites = read_table(chain.results["statistics"][0][0]["site_stats"], tmp_path / "read")
    assert max(sites.column("alpha")) > 1
    p_values = read_table(chain.results["p_values"][0][0]["p_values"], tmp_path / "read")
    assert all(0 <= value <= 1 for row in p_values.values for value in row)
    assert Path(chain.results["map"][0][0]["plot"]["path"]).read_bytes().startswith(b"\x89PNG")
