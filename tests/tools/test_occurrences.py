"""Splitting and cleaning occurrence records."""

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.running import HEUCHERA, Outputs, ToolFailed, file, needs_heuchera, write_csv

Run = Callable[..., Outputs]
AWKWARD = [
    "Alba alba",
    "alba Alba",
    "Alba alba.",
    "Alba (alba)",
    "it's; rm -rf $(pwd) `x`",
    'say "hi", twice',
    "../../etc/passwd",
    "Ærøskøbing Ω 日本",
    "-rf",
    "x" * 200,
    "x" * 199 + "y",
]
META = """<archive xmlns="http://rs.tdwg.org/dwc/text/">
<core encoding="UTF-8" fieldsTerminatedBy="\\t" linesTerminatedBy="\\n" fieldsEnclosedBy="" ignoreHeaderLines="1"
 rowType="http://rs.tdwg.org/dwc/terms/Occurrence"><files><location>occurrence.txt</location></files><id index="0"/>
<field index="1" term="http://rs.tdwg.org/dwc/terms/scientificName"/>
<field index="2" term="http://rs.tdwg.org/dwc/terms/decimalLatitude"/>
<field index="3" term="http://rs.tdwg.org/dwc/terms/decimalLongitude"/>
<field default="PRESERVED" term="http://rs.tdwg.org/dwc/terms/basisOfRecord"/></core></archive>"""


def read(path: Path) -> list[list[str]]:
    """Read a CSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def write_records(path: Path, rows: list[tuple[str, str, str]]) -> dict[str, object]:
    """Write records quoted as CSV wants it."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([("species", "x", "y"), *rows])
    return file(path)


def test_awkward_names_stay_apart(run: Run, tmp_path: Path) -> None:
    """Each name gets a table of its own records with a safe file name, whatever is in the name."""
    rows = [(name, str(number), "1") for number, name in enumerate(AWKWARD)]
    split = run("split_occurrence_data", occurrences=write_records(tmp_path / "in.csv", rows + rows))
    files = split.files("species")
    assert sorted(files) == sorted(AWKWARD)
    assert len({path.name.lower() for path in files.values()}) == len(AWKWARD)
    assert all(path.name.replace("-", "").removesuffix(".csv").replace("_", "").isalnum() for path in files.values())
    for number, name in enumerate(AWKWARD):
        assert read(files[name])[1:] == [[name, str(number), "1"]] * 2
    listed = split.path("species_list").read_text(encoding="utf-8").splitlines()
    assert listed == sorted(AWKWARD)


def test_awkward_names_survive_cleaning(run: Run, tmp_path: Path) -> None:
    """Cleaning keeps a name letter by letter, in the table and as the label."""
    name = 'Say "hi"; $(x), Ω'
    cleaned = run("wrangle_occurrences", occurrences=write_records(tmp_path / "in.csv", [(name, "1", "2")]))
    assert read(cleaned.path("occurrences")) == [["species", "x", "y"], [name, "1.0", "2.0"]]
    assert cleaned.values["occurrences"]["label"] == name


def test_darwin_core_archive_and_csv_are_united(run: Run, tmp_path: Path) -> None:
    """Records of an archive and of a table with other headers end in one table per species."""
    with zipfile.ZipFile(tmp_path / "dwca.zip", "w") as archive:
        archive.writestr("meta.xml", META)
        archive.writestr("occurrence.txt", 'id\tname\tlat\tlon\n1\tAlba "x" alba\t10.5\t-20.5\n2\tBeta\t1\t2\n')
    more = write_csv(tmp_path / "more.csv", [["lon", "lat", "taxon"], [7, 8, "Beta"]])
    split = run("split_occurrence_data", occurrences=file(tmp_path / "dwca.zip"), more_occurrences=[more])
    assert sorted(split.files("species")) == ['Alba "x" alba', "Beta"]
    header = ["scientificName", "decimalLatitude", "decimalLongitude", "basisOfRecord"]
    assert read(split.files("species")["Beta"]) == [header, ["Beta", "1", "2", "PRESERVED"], ["Beta", "8", "7", ""]]


def test_empty_table_is_skipped(run: Run, tmp_path: Path) -> None:
    """A table of a header alone is skipped with a reason."""
    split = run("split_occurrence_data", occurrences=write_csv(tmp_path / "in.csv", [["species", "x", "y"]]))
    assert split.skipped == "the occurrence tables hold no record with a species name"
    assert split.values["species"] == []


def test_missing_column_is_named(run: Run, tmp_path: Path) -> None:
    """A column that is not there is named together with those that are."""
    table = write_csv(tmp_path / "in.csv", [["who", "x", "y"], ["a", 1, 2]])
    with pytest.raises(ToolFailed, match=r"looks like species .set species_key.; its columns are: who, x, y"):
        run("split_occurrence_data", occurrences=table)
    with pytest.raises(ToolFailed, match="no column 'sp'"):
        run("split_occurrence_data", occurrences=table, species_key="sp")
    assert list(run("split_occurrence_data", occurrences=table, species_key="who").files("species")) == ["a"]


def test_nothing_left_says_who_removed_what(run: Run, tmp_path: Path) -> None:
    """Where nothing is left the reason counts what each wrangler removed, and the outputs are there all the same."""
    table = write_csv(
        tmp_path / "in.csv", [["species", "x", "y"], ["a", 1, 2], ["a", 1, 2], ["a", "", 5], ["a", 50, 2]]
    )
    box = {"min_x": 0, "min_y": 0, "max_x": 10, "max_y": 10}
    cleaned = run("wrangle_occurrences", occurrences=table, minimum_points=2, **box)
    expected = "coordinates removed 1, BoundingBoxFilter removed 1, UniqueLocalitiesFilter removed 1"
    assert cleaned.skipped == f"none of 4 records is left: {expected}, MinimumPointsWrangler removed 1"
    assert read(cleaned.path("occurrences")) == [["species", "x", "y"]]


def test_wrangler_configuration(run: Run, tmp_path: Path) -> None:
    """A configuration in lmpy's words is followed in its order; unknown words are refused."""
    table = write_csv(
        tmp_path / "in.csv",
        [
            ["species", "x", "y", "flag"],
            ["old", 1.25, 2.25, "ok"],
            ["old", 3.5, 2.25, "ok"],
            ["old", 4.25, 2.25, "bad;ok"],
        ],
    )
    square = "POLYGON((0 0, 5 0, 5 5, 0 5, 0 0))"
    condition = {"for-each": {"condition": "not-in", "values": ["bad"]}}
    wranglers = [
        {"wrangler_type": "AcceptedNameOccurrenceWrangler", "name_map": {"old": "new"}},
        {"wrangler_type": "DecimalPrecisionFilter", "decimal_places": 2},
        {"wrangler_type": "AttributeFilterWrangler", "attribute_name": "flag", "filter_func": condition},
        {"wrangler_type": "IntersectGeometriesFilter", "geometry_wkts": [square]},
    ]
    (tmp_path / "good.json").write_text(json.dumps(wranglers))
    cleaned = run("wrangle_occurrences", occurrences=table, wranglers=file(tmp_path / "good.json"))
    assert read(cleaned.path("occurrences"))[1:] == [["new", "1.25", "2.25", "ok"]]
    (tmp_path / "bad.json").write_text('[{"wrangler_type": "Evil", "module": "os"}]')
    with pytest.raises(ToolFailed, match="unknown wrangler_type 'Evil'; known are: "):
        run("wrangle_occurrences", occurrences=table, wranglers=file(tmp_path / "bad.json"))


def test_species_list(run: Run, tmp_path: Path) -> None:
    """Lists are united and intersected, and the result is sorted."""
    for name, text in {"one": "b\na\n\n", "two": "c\n", "three": "c\nb\nx\n"}.items():
        (tmp_path / name).write_text(text)
    files = {"species_list": "one", "union": "two", "intersection": "three"}
    changed = run("wrangle_species_list", **{key: file(tmp_path / name) for key, name in files.items()})
    assert changed.path("species_list").read_text() == "b\nc\n"
    assert changed.json() == {"names": 2, "added": ["c"], "removed": ["a"]}


@needs_heuchera
def test_heuchera_header_with_spaces(run: Run) -> None:
    """The real table, whose header has spaces after its commas, gives its 64 taxa and 11,489 records."""
    split = run("split_occurrence_data", occurrences=file(HEUCHERA / "heuchera.csv"), x_key="decimallongitude")
    assert len(split.files("species")) == 64
    assert sum(split.json()["records"].values()) == 11489
