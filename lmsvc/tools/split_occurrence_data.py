"""Split occurrence records into one table per species, each labelled with the true name."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from lmsvc.tools.naming import FileNames
from lmsvc.tools.tables import Keys, Table, clean_name, keys_of, open_table, write_rows
from lmsvc.tools.toolkit import InputFile, Inputs, Outputs, Skipped, output_file, run_tool, write_json

ROWS_IN_MEMORY = 200_000


class SpeciesFiles:
    """One growing table per species; rows wait in memory until there are many."""

    def __init__(self, directory: Path, columns: list[str]) -> None:
        """Make the directory; every table starts with the columns."""
        directory.mkdir()
        self._directory = directory
        self._columns = columns
        self._names = FileNames(".csv")
        self._waiting: dict[str, list[list[str]]] = defaultdict(list)
        self._in_memory = 0
        self.paths: dict[str, Path] = {}
        self.counts: dict[str, int] = defaultdict(int)

    def add(self, name: str, row: list[str]) -> None:
        """Add a record of a species."""
        self._waiting[name].append(row)
        self.counts[name] += 1
        self._in_memory += 1
        if self._in_memory >= ROWS_IN_MEMORY:
            self.flush()

    def flush(self) -> None:
        """Write the rows in memory to their files."""
        for name, rows in self._waiting.items():
            if name not in self.paths:
                self.paths[name] = self._directory / self._names.give(name)
                rows.insert(0, self._columns)
            write_rows(self.paths[name], rows, "a")
        self._waiting.clear()
        self._in_memory = 0


def named_columns(table: Table, first: Table) -> list[str]:
    """Give a table's columns, the three that matter called as in the first table and no other one so."""
    wanted = {getattr(table, kind): first.columns[getattr(first, kind)] for kind in Keys._fields}
    others = (f"{column}_" if column in wanted.values() else column for column in table.columns)
    return [wanted.get(place, column) for place, column in enumerate(others)]


def all_columns(sources: list[tuple[InputFile, Keys]]) -> tuple[Table, list[str]]:
    """Give the first table's shape and the union of all tables' columns."""
    shapes: list[Table] = []
    for source, keys in sources:
        with open_table(source, keys) as table:
            shapes.append(table)
    union = dict.fromkeys(column for shape in shapes for column in named_columns(shape, shapes[0]))
    return shapes[0], list(union)


def records(source: InputFile, keys: Keys, first: Table, columns: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Give (name, row in the order of ``columns``) of every record."""
    with open_table(source, keys) as table:
        own = named_columns(table, first)
        places = [own.index(column) if column in own else None for column in columns]
        for row in table.rows:
            row[table.species] = clean_name(row[table.species])
            yield row[table.species], ["" if place is None else row[place] for place in places]


def tool(inputs: Inputs) -> Outputs:
    """Split the records of all sources."""
    main = inputs.file("occurrences")
    sources = [(main, keys_of(inputs)), *((more, Keys()) for more in inputs.files("more_occurrences"))]
    first, columns = all_columns(sources)
    files = SpeciesFiles(Path("species"), columns)
    unnamed = 0
    for source, keys in sources:
        for name, row in records(source, keys, first, columns):
            if name:
                files.add(name, row)
            unnamed += not name
    files.flush()
    return write_outputs(files, unnamed)


def write_outputs(files: SpeciesFiles, unnamed: int) -> Outputs:
    """Write list and report; the species in the order of their names."""
    names = sorted(files.paths)
    Path("species_list.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    counts = {name: files.counts[name] for name in names}
    write_json("report.json", {"species": len(names), "records_without_name": unnamed, "records": counts})
    outputs = {
        "species": [output_file(files.paths[name], name) for name in names],
        "species_list": output_file("species_list.txt"),
        "report": output_file("report.json"),
    }
    if not names:
        raise Skipped("the occurrence tables hold no record with a species name", outputs)
    return outputs


if __name__ == "__main__":
    run_tool(tool)
