"""Local files named in a document."""

from pathlib import Path

import pytest

from lmsvc.cli.local_files import local_files, with_uploads
from lmsvc.jobs.faults import DocumentError, Fault


def test_each_file_is_found_once_in_order(tmp_path: Path) -> None:
    """Files named twice are uploaded once; other inputs are left alone."""
    for name in ("a.csv", "b.tif"):
        (tmp_path / name).write_text(name)
    inputs = {"x": [{"file": "b.tif"}, {"upload": "0"}, {"file": "a.csv"}], "y": {"file": "b.tif"}, "z": {"value": 1}}
    assert local_files({"inputs": inputs}, tmp_path) == [tmp_path / "b.tif", tmp_path / "a.csv"]


def test_every_missing_file_is_named_with_its_place(tmp_path: Path) -> None:
    """All missing files are reported at once, each at its JSON pointer."""
    with pytest.raises(DocumentError) as caught:
        local_files({"inputs": {"x": {"file": "no"}, "y": [{"file": "../no"}]}}, tmp_path)
    assert caught.value.faults == (
        Fault("/inputs/x/file", f"there is no file {tmp_path / 'no'}"),
        Fault("/inputs/y/0/file", f"there is no file {tmp_path / '../no'}"),
    )


def test_files_become_uploads_and_keep_their_labels() -> None:
    """Only the file's name is replaced; what else is said of it stays."""
    document = {"name": "n", "inputs": {"x": [{"file": "a", "label": "A b"}], "y": {"value": {"file": 3}}}}
    replaced = with_uploads(document, Path("/f"), lambda path: f"id of {path}")
    inputs = {"x": [{"upload": "id of /f/a", "label": "A b"}], "y": {"value": {"file": 3}}}
    assert replaced == {"name": "n", "inputs": inputs}


@pytest.mark.parametrize("document", [None, [], 3, {"inputs": []}, {"inputs": {"x": [{"file": 3}]}}])
def test_what_is_no_job_is_left_to_validation(document: object, tmp_path: Path) -> None:
    """Nonsense passes through unchanged: validation names what is wrong with it."""
    assert local_files(document, tmp_path) == []
    assert with_uploads(document, tmp_path, str) == document
