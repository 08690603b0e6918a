"""Encode a tree as three matrices: tips by nodes, node heights, tip lengths."""

from lmsvc.tools.matrices import read_matrix, rewrite_matrix
from lmsvc.tools.toolkit import Inputs, Outputs, output_file, run_tool
from lmsvc.tools.trees import match_tips, read_tree, set_lengths, write_tree
from lmsvc.tools.upstream import run_program

NAMES = ("tree_matrix.lmm", "node_heights.lmm", "tip_lengths.lmm")


def tool(inputs: Inputs) -> Outputs:
    """Let lmpy encode the tree, cut to the species of a matrix where one is given."""
    tree = read_tree(inputs.file("tree"))
    if matrix := inputs.optional_file("matrix"):
        match_tips(tree, read_matrix(matrix.path).columns)
    set_lengths(tree)
    write_tree(tree, "clean.tre")
    run_program("create_tree_matrix", ["clean.tre", "newick", *NAMES])
    encoded = rewrite_matrix(NAMES[0])
    rewrite_matrix(NAMES[1], [["height"], encoded.columns])
    rewrite_matrix(NAMES[2], [["length"], encoded.rows])
    return {name.removesuffix(".lmm"): output_file(name) for name in NAMES}


if __name__ == "__main__":
    run_tool(tool)
