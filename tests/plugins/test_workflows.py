"""The filters for the site's own workflows."""

from pathlib import Path

import pytest
import yaml

from lmsvc.workflows.workflow import parse_workflow
from plugins.filter.workflows import preflight_workflows, workflow_files

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = (
    (ROOT / "docs" / "reference" / "workflows.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
)


@pytest.fixture
def workflows(tmp_path: Path) -> Path:
    """Give a directory with the workflow of the reference page."""
    directory = tmp_path / "workflows"
    directory.mkdir()
    (directory / "count.yaml").write_text(EXAMPLE, encoding="utf-8")
    return directory


def found(directory: Path | str, tools: Path | str = "") -> list[str]:
    """Return what preflight finds in a directory of workflows."""
    return [text for _, _, text, _ in preflight_workflows(str(tools), str(directory), str(ROOT))]


def test_workflows_go_to_the_hosts_as_they_are(workflows: Path) -> None:
    """Each file lies where the service looks for workflows; without a directory there are none."""
    (file,) = workflow_files(str(workflows), str(ROOT))
    assert file["path"] == "/etc/lmsvc/pools/workflows/count.yaml"
    assert parse_workflow(yaml.safe_load(file["content"])).name == "count_records"
    assert workflow_files("", str(ROOT)) == []
    assert workflow_files("workflows", str(workflows.parent)) == [file]


def test_a_good_workflow_has_no_fault(workflows: Path) -> None:
    """The example of the reference page passes, and so does no workflow at all."""
    assert found(workflows) == found("") == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("title: Count records per species", "tilte: Count", "count.yaml: /tilte"),
        ("run: split_occurrence_data", "run: split_occurence_data", "runs split_occurence_data, which is no tool"),
        ("parameters:", "extends: nothing\nparameters:", "there is no workflow 'nothing'"),
        ("name: count_records", "name: [", "count.yaml"),
    ],
)
def test_what_the_service_would_refuse_is_found_before(workflows: Path, old: str, new: str, fault: str) -> None:
    """The same check as the service's own names the file and the fault; a step that runs nothing is one as well."""
    assert old in EXAMPLE
    (workflows / "count.yaml").write_text(EXAMPLE.replace(old, new), encoding="utf-8")
    assert any(fault in text for text in found(workflows)), found(workflows)


def test_a_missing_directory_is_found(workflows: Path) -> None:
    """A misspelt directory is no empty one."""
    assert "there is no such directory" in found(workflows / "nowhere")[0]


def test_workflows_may_use_the_sites_tools(workflows: Path, tmp_path: Path) -> None:
    """A tool that the site describes is one that there is; one with a fault of its own is not."""
    tools = tmp_path / "tools"
    tools.mkdir()
    shipped = (ROOT / "lmsvc" / "tools" / "descriptions" / "split_occurrence_data.yaml").read_text(encoding="utf-8")
    (tools / "own.yaml").write_text(shipped.replace("id: split_occurrence_data", "id: own"), encoding="utf-8")
    text = EXAMPLE.replace("run: split_occurrence_data", "run: own")
    (workflows / "count.yaml").write_text(text, encoding="utf-8")
    assert found(workflows, tools) == []
    assert "runs own, which is no tool" in found(workflows)[0]
    (tools / "own.yaml").write_text("id: 7", encoding="utf-8")
    assert "runs own, which is no tool" in found(workflows, tools)[0]
