"""The filter for settings in unit files."""

import json
import re
from pathlib import Path

import pytest

from lmsvc.settings import QuotaSettings, Settings
from plugins.filter.unit_value import unit_value
from tests.ansible.tree import options

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    "value", [{"jobs": 5, "days_kept": 90}, "https://lmsvc.example.org", 2.5, True, {"a": 'it\'s 100 % \\ "so"'}]
)
def test_the_service_reads_what_the_site_wrote(value: object) -> None:
    """What systemd makes of the line is the value as JSON, or the text itself."""
    written = unit_value(value)
    assert re.fullmatch(r"([^'%\\]|\\['\\]|%%)*", written), "nothing ends the quotes"
    read = re.sub(r"\\(.)", r"\1", written.replace("%%", "%"))
    assert (read if isinstance(value, str) else json.loads(read)) == value


def test_a_value_cannot_begin_a_line_of_its_own() -> None:
    """A line break would begin another directive of the unit: it is refused."""
    with pytest.raises(ValueError, match="one line"):
        unit_value("a\nExec=sh")
    assert "\n" not in unit_value({"a": "b\nc"})


def test_preflight_knows_settings_that_there_are() -> None:
    """Each name that a site may set is one of the service, and the parts of a quota are all there."""
    known = options(ROOT / "roles" / "preflight", "site")["site_settings"]["options"]
    assert set(known) <= set(Settings.model_fields)
    assert set(known["quota"]["options"]) == set(QuotaSettings.model_fields)
