"""Change a list of species: accepted names, union with or intersection with other lists, trees and matrices."""

from pathlib import Path

from lmsvc.tools.tables import clean_name
from lmsvc.tools.toolkit import InputFile, Inputs, Outputs, Skipped, load, output_file, run_tool, write_json
from lmsvc.tools.wrangle_occurrences import read_name_map


def read_list(source: InputFile) -> set[str]:
    """Read names, one per line."""
    lines = source.path.read_text(encoding="utf-8-sig").splitlines()
    return {clean_name(line) for line in lines if line.strip()}


def matching(names: set[str], inputs: Inputs) -> set[str]:
    """Keep the names that the other list, the matrix and the tree know, where they are given."""
    if other := inputs.optional_file("intersection"):
        names = names & read_list(other)
    if matrix := inputs.optional_file("matrix"):
        names = names & set(load("lmsvc.tools.matrices").read_matrix(matrix.path).columns)
    if tree := inputs.optional_file("tree"):
        trees = load("lmsvc.tools.trees")
        tips = {trees.plain(tip) for tip in trees.tip_names(trees.read_tree(tree))}
        names = {name for name in names if trees.plain(name) in tips}
    return names


def tool(inputs: Inputs) -> Outputs:
    """Change the list, in this order: accepted names, union, intersections."""
    before = read_list(inputs.file("species_list"))
    names = set(before)
    if source := inputs.optional_file("name_map"):
        accepted = read_name_map(source)
        names = {accepted[name] for name in names if accepted.get(name)}
    if other := inputs.optional_file("union"):
        names |= read_list(other)
    names = matching(names, inputs)
    Path("species_list.txt").write_text("".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")
    write_json("report.json", {"names": len(names), "added": sorted(names - before), "removed": sorted(before - names)})
    outputs = {"species_list": output_file("species_list.txt"), "report": output_file("report.json")}
    if not names:
        raise Skipped(f"none of {len(before)} names is left", outputs)
    return outputs


if __name__ == "__main__":
    run_tool(tool)
