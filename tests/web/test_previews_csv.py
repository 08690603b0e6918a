"""The first lines of uploaded tables."""

import io
import zipfile

import pytest

from tests.web.asking import body, problem
from tests.web.site import Site

META = (
    '<archive xmlns="http://rs.tdwg.org/dwc/text/"><core encoding="UTF-8" fieldsTerminatedBy="\\t" fieldsEnclosedBy=""'
    ' ignoreHeaderLines="1" rowType="http://rs.tdwg.org/dwc/terms/Occurrence"><files><location>o.txt</location></files>'
    '<field index="0" term="http://rs.tdwg.org/dwc/terms/scientificName"/>'
    '<field index="1" term="http://rs.tdwg.org/dwc/terms/decimalLatitude"/></core></archive>'
)


def _preview(site: Site, content: bytes, status: int = 200) -> dict[str, object]:
    upload = site.client.put("/api/v1/uploads/table.csv", data=content).get_json()
    return body(site.client.get(f"/api/v1/previews/{upload['id']}"), status)


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        ("name;lon;lat\nÉ;1;2\n".encode(), "UTF-8", "semicolon"),
        ("\ufeffname\tlon\tlat\r\nÉ\t1\t2\r\n".encode(), "UTF-8", "tab"),
        ("name,lon,lat\nÉ,1,2\n".encode("cp1252"), "Windows-1252", "comma"),
    ],
)
def test_a_table_is_shown_as_the_tools_read_it(site: Site, content: bytes, encoding: str, delimiter: str) -> None:
    """Delimiter and encoding are found, the usual columns named, and what the tools will refuse is said."""
    found = _preview(site, content)
    assert found["columns"] == ["name", "lon", "lat"]
    assert found["rows"] == [["É", "1", "2"]]
    assert (found["species"], found["x"], found["y"]) == ("name", "lon", "lat")
    assert (found["encoding"], found["delimiter"]) == (encoding, delimiter)
    assert (found["note"] is None) == (encoding == "UTF-8")


def test_only_the_beginning_of_a_large_table_is_read(site: Site) -> None:
    """Of many records a few are shown, long cells cut, and a record that the head ends in is left out."""
    found = _preview(site, b"species,x\n" + (b"a" * 200 + b",1\n") * 50_000)
    rows = found["rows"]
    assert isinstance(rows, list)
    assert 0 < len(rows) < 20
    assert all(len(cell) <= 80 for row in rows for cell in row)


def test_an_archive_shows_its_records(site: Site) -> None:
    """The columns of a Darwin Core archive are those of its records."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("meta.xml", META)
        archive.writestr("o.txt", "n\tl\nHeuchera alba\t38.5\n")
    found = _preview(site, packed.getvalue())
    assert found["columns"] == ["scientificName", "decimalLatitude"]
    assert found["rows"] == [["Heuchera alba", "38.5"]]
    assert (found["species"], found["x"], found["y"]) == ("scientificName", None, "decimalLatitude")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b"PK\x05\x06" + bytes(18), b'"' * 300_000])
def test_what_is_no_table_says_so(site: Site, content: bytes) -> None:
    """Pictures, empty files and other archives are answered with a reason."""
    upload = site.client.put("/api/v1/uploads/table.csv", data=content).get_json()
    problem(site.client.get(f"/api/v1/previews/{upload['id']}"), 422, "no-table")
    problem(site.client.get("/api/v1/previews/nothing"), 404, "not-found")
