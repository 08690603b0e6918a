"""Cut a tree to the species of a matrix or list, and call its tips as they are called there."""

from lmsvc.tools.matrices import read_matrix
from lmsvc.tools.tables import clean_name
from lmsvc.tools.toolkit import Inputs, Outputs, ToolError, output_file, run_tool, write_json
from lmsvc.tools.trees import match_tips, plain, read_tree, tip_names, write_tree
from lmsvc.tools.wrangle_occurrences import read_name_map


def wanted_names(inputs: Inputs) -> list[str]:
    """Give the names to keep.

    Raises:
        ToolError: neither a matrix nor a list is given.
    """
    matrix, listed = inputs.optional_file("matrix"), inputs.optional_file("species_list")
    if matrix is None and listed is None:
        raise ToolError("give a matrix or a species_list to match the tree with")
    names = list(read_matrix(matrix.path).columns) if matrix else []
    if listed is None:
        return names
    allowed = [clean_name(line) for line in listed.path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [name for name in names if name in set(allowed)] if matrix else allowed


def tool(inputs: Inputs) -> Outputs:
    """Match the tree and say what did not match."""
    tree, names = read_tree(inputs.file("tree")), wanted_names(inputs)
    if source := inputs.optional_file("name_map"):
        accepted = {plain(name): new for name, new in read_name_map(source).items()}
        for taxon in tree.taxon_namespace:
            taxon.label = accepted.get(plain(taxon.label), taxon.label)
    before = tip_names(tree)
    kept = match_tips(tree, names)
    known = {plain(name) for name in kept}
    report = {
        "tips": len(kept),
        "tips_dropped": [name for name in before if plain(name) not in known],
        "names_not_in_tree": [name for name in names if name not in set(kept)],
    }
    write_tree(tree, "tree.tre")
    write_json("report.json", report)
    return {"tree": output_file("tree.tre"), "report": output_file("report.json")}


if __name__ == "__main__":
    run_tool(tool)
