"""Clean occurrence records and say what each wrangler removed."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lmsvc.tools.tables import Table, clean_name, coordinate, keys_of, open_table, write_rows
from lmsvc.tools.toolkit import InputFile, Inputs, Outputs, Skipped, ToolError, output_file, run_tool, write_json
from lmsvc.tools.wranglers import Record, build_wrangler

BOX = ("min_x", "min_y", "max_x", "max_y")


class Result(NamedTuple):
    """What cleaning left: the columns, the records, and the report."""

    columns: list[str]
    shape: tuple[int, int, int]
    records: list[Record]
    report: dict[str, Any]


def read_records(table: Table) -> tuple[list[Record], int]:
    """Give the records with usable coordinates, and how many have none."""
    records, dropped = [], 0
    for row in table.rows:
        x, y = coordinate(row[table.x]), coordinate(row[table.y])
        if x is None or y is None:
            dropped += 1
        else:
            fields = dict(zip(table.columns, row, strict=True))
            records.append(Record(clean_name(row[table.species]), x, y, fields))
    return records, dropped


def configurations(inputs: Inputs) -> list[Mapping[str, Any]]:
    """Give the wranglers of the job in the order they run: its simple inputs first, then its configuration."""
    chosen: list[Mapping[str, Any]] = []
    if names := inputs.optional_file("name_map"):
        chosen.append({"wrangler_type": "AcceptedNameOccurrenceWrangler", "name_map": read_name_map(names)})
    if listed := inputs.optional_file("species_list"):
        lines = listed.path.read_text(encoding="utf-8").splitlines()
        chosen.append({"wrangler_type": "OccurrenceSpeciesListWrangler", "species_list": [*map(clean_name, lines)]})
    if any(inputs.optional_number(side) is not None for side in BOX):
        chosen.append({"wrangler_type": "BoundingBoxFilter", **{side: inputs.number(side) for side in BOX}})
    if (places := inputs.optional_integer("decimal_places")) is not None:
        chosen.append({"wrangler_type": "DecimalPrecisionFilter", "decimal_places": places})
    if inputs.flag("unique_localities"):
        chosen.append({"wrangler_type": "UniqueLocalitiesFilter"})
    chosen += configured(inputs)
    if (least := inputs.optional_integer("minimum_points")) is not None:
        chosen.append({"wrangler_type": "MinimumPointsWrangler", "minimum_count": least})
    return chosen


def configured(inputs: Inputs) -> list[Mapping[str, Any]]:
    """Give the wranglers of the configuration file.

    Raises:
        ToolError: it is no JSON list of objects.
    """
    source = inputs.optional_file("wranglers")
    if source is None:
        return []
    try:
        value = json.loads(source.path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ToolError(f"{source.basename} is not JSON: {error}") from error
    configs = [value] if isinstance(value, dict) else value
    if not isinstance(configs, list) or not all(isinstance(config, dict) for config in configs):
        raise ToolError(f"{source.basename} must be a list of wranglers, each an object with wrangler_type")
    return configs


def read_name_map(source: InputFile) -> dict[str, str]:
    """Read a map of names to accepted names: a JSON object, or CSV with two columns."""
    text = source.path.read_text(encoding="utf-8-sig")
    try:
        names = json.loads(text)
    except ValueError:
        names = {row[0].strip(): row[1].strip() for row in csv.reader(text.splitlines()) if len(row) > 1}
    if not isinstance(names, dict):
        raise ToolError(f"{source.basename} must map names to accepted names")
    return names


def wrangle(inputs: Inputs) -> Result:
    """Run all wranglers over the records."""
    with open_table(inputs.file("occurrences"), keys_of(inputs)) as table:
        records, dropped = read_records(table)
        shape = (table.species, table.x, table.y)
        columns = table.columns
    total = len(records) + dropped
    steps = [{"wrangler": "coordinates", "assessed": total, "removed": dropped}]
    for config in configurations(inputs):
        before = len(records)
        records = build_wrangler(config)(records)
        steps.append({"wrangler": config["wrangler_type"], "assessed": before, "removed": before - len(records)})
    report = {"input_records": total, "output_records": len(records), "wranglers": steps}
    return Result(columns, shape, records, report)


def rows(result: Result) -> list[list[str]]:
    """Give the rows to write: the fields as they were, name and place as they are now."""
    species, x, y = result.shape
    written = []
    for record in result.records:
        row = [record.fields[column] for column in result.columns]
        row[species], row[x], row[y] = record.name, repr(record.x), repr(record.y)
        written.append(row)
    return written


def reason(report: Mapping[str, Any]) -> str:
    """Say which wrangler removed how many records."""
    parts = [f"{step['wrangler']} removed {step['removed']}" for step in report["wranglers"] if step["removed"]]
    return f"none of {report['input_records']} records is left: {', '.join(parts) or 'the table is empty'}"


def tool(inputs: Inputs) -> Outputs:
    """Clean the records and write table and report."""
    result = wrangle(inputs)
    write_rows(Path("occurrences.csv"), [result.columns, *rows(result)])
    write_json("report.json", result.report)
    names = {record.name for record in result.records}
    label = names.pop() if len(names) == 1 else inputs.file("occurrences").label
    outputs = {"occurrences": output_file("occurrences.csv", label), "report": output_file("report.json", label)}
    if not result.records:
        raise Skipped(reason(result.report), outputs)
    return outputs


if __name__ == "__main__":
    run_tool(tool)
