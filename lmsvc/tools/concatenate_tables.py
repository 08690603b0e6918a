"""Put CSV tables one below the other, with a column that says which table a line is from."""

import csv
from pathlib import Path

from lmsvc.tools.tables import write_rows
from lmsvc.tools.toolkit import InputFile, Inputs, Outputs, ToolError, output_file, run_tool


def read(source: InputFile) -> list[dict[str, str]]:
    """Read the lines of a table by column.

    Raises:
        ToolError: it is not CSV.
    """
    try:
        with source.path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, skipinitialspace=True, restkey="", restval="")
            return [{name: value for name, value in line.items() if name} for line in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ToolError(f"{source.basename} is not a CSV file in UTF-8: {error}") from error


def tool(inputs: Inputs) -> Outputs:
    """Write one table with the columns of all, in the order they first appear."""
    label = inputs.text("label_column")
    tables = [(source.title, read(source)) for source in inputs.files("tables")]
    columns = dict.fromkeys(name for _, lines in tables for line in lines for name in line)
    columns.pop(label, None)
    rows = [[title, *(line.get(name, "") for name in columns)] for title, lines in tables for line in lines]
    write_rows(Path("table.csv"), [[label, *columns], *rows])
    return {"table": output_file("table.csv")}


if __name__ == "__main__":
    run_tool(tool)
