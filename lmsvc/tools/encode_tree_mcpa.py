"""Encode a tree for a metacommunity phylogenetic analysis (MCPA), and give the matrix with the same species."""

import random

import dendropy

from lmsvc.tools.matrices import read_matrix, rewrite_matrix, write_matrix
from lmsvc.tools.toolkit import Inputs, Outputs, Skipped, ToolError, output_file, run_tool
from lmsvc.tools.trees import match_tips, read_tree, set_lengths, write_tree
from lmsvc.tools.upstream import run_program

LEAST_TIPS = 3
TOLERANCE = 1e-3


def check_ultrametric(tree: dendropy.Tree) -> None:
    """Make sure that all tips are equally far from the root.

    Raises:
        ToolError: they are not.
    """
    distances = [leaf.distance_from_root() for leaf in tree.leaf_node_iter()]
    if max(distances) - min(distances) > TOLERANCE * max(distances):
        raise ToolError(
            f"the tree is not ultrametric: tips are {min(distances):g} to {max(distances):g} from the root; "
            "give an ultrametric tree or set use_branch_lengths to false"
        )


def make_binary(tree: dendropy.Tree, seed: int) -> None:
    """Split nodes with more than two children at random, with branches of no length."""
    tree.resolve_polytomies(rng=random.Random(seed))
    tree.suppress_unifurcations()


def prepare(tree: dendropy.Tree, lengths: bool, seed: int) -> None:
    """Make the tree what lmpy's encoder accepts: binary, ultrametric or without lengths, inner nodes without names."""
    make_binary(tree, seed)
    for node in tree.preorder_internal_node_iter():
        node.label = None
    if lengths:
        set_lengths(tree)
        check_ultrametric(tree)
    else:
        for edge in tree.preorder_edge_iter():
            edge.length = None


def tool(inputs: Inputs) -> Outputs:
    """Let lmpy encode the tree."""
    pam, tree, seed = read_matrix(inputs.file("pam").path), read_tree(inputs.file("tree")), inputs.integer("seed")
    names = match_tips(tree, pam.columns)
    if len(names) < LEAST_TIPS:
        raise Skipped(f"only {len(names)} species are in both tree and matrix; an MCPA needs {LEAST_TIPS}")
    prepare(tree, inputs.flag("use_branch_lengths"), seed)
    kept = [name for name in pam.columns if name in set(names)]
    write_matrix("pam.lmm", pam.take(columns=[pam.columns.index(name) for name in kept]))
    write_tree(tree, "clean.tre")
    run_program("encode_tree_mcpa", ["clean.tre", "newick", "pam.lmm", "tree_matrix.lmm"], seed)
    encoded = rewrite_matrix("tree_matrix.lmm")
    rewrite_matrix("tree_matrix.lmm", [kept, encoded.columns])
    return {"tree_matrix": output_file("tree_matrix.lmm"), "pam": output_file("pam.lmm")}


if __name__ == "__main__":
    run_tool(tool)
