"""Phylogenetic trees through DendroPy: reading any of the usual formats, matching tips to names, writing Newick."""

from collections.abc import Iterable
from pathlib import Path

import dendropy
import numpy as np

from lmsvc.tools.toolkit import InputFile, Skipped, ToolError


def read_tree(source: InputFile) -> dendropy.Tree:
    """Read a tree from Newick, Nexus or NeXML; underscores of unquoted names are spaces.

    Raises:
        ToolError: it is none of these.
    """
    try:
        text = source.path.read_text(encoding="utf-8-sig").strip()
        tree = dendropy.Tree.get(data=text, schema=_schema(text))
    except Exception as error:  # DendroPy has dozens of kinds without a common base
        raise ToolError(f"{source.basename} is not a tree in Newick, Nexus or NeXML: {error}") from error
    if not any(leaf.taxon for leaf in tree.leaf_node_iter()):
        raise ToolError(f"the tree {source.basename} has no named tips")
    return tree


def _schema(text: str) -> str:
    if text[:6].upper() == "#NEXUS":
        return "nexus"
    return "nexml" if text.startswith("<") else "newick"


def tip_names(tree: dendropy.Tree) -> list[str]:
    """Give the names of the tips, in the tree's order."""
    return [leaf.taxon.label for leaf in tree.leaf_node_iter() if leaf.taxon]


def plain(name: str) -> str:
    """Give a name with underscores as spaces, as trees write them."""
    return " ".join(name.replace("_", " ").split())


def match_tips(tree: dendropy.Tree, names: Iterable[str]) -> list[str]:
    """Keep the tips that have one of the names, call them exactly so, and give those names in the tree's order.

    Raises:
        Skipped: no tip has one of the names.
    """
    wanted = list(names)
    spelling = {plain(name): name for name in reversed(wanted)} | {name: name for name in wanted}
    tips = {leaf.taxon: leaf.taxon.label for leaf in tree.leaf_node_iter() if leaf.taxon}
    found = {taxon: spelling.get(label) or spelling.get(plain(label)) for taxon, label in tips.items()}
    kept = {taxon for taxon, name in found.items() if name}
    if not kept:
        raise Skipped(f"none of the {len(tips)} tips of the tree is one of the {len(wanted)} names")
    tree.retain_taxa(kept)
    tree.purge_taxon_namespace()
    for taxon in kept:
        taxon.label = found[taxon]
    return tip_names(tree)


def set_lengths(tree: dendropy.Tree) -> None:
    """Give every branch a length: 1 where the tree has none at all, 0 where a single one is missing."""
    edges = [edge for edge in tree.preorder_edge_iter() if edge.tail_node is not None]
    missing = 0.0 if any(edge.length is not None for edge in edges) else 1.0
    for edge in edges:
        edge.length = missing if edge.length is None else edge.length
    tree.seed_node.edge.length = 0.0


def write_tree(tree: dendropy.Tree, path: Path | str) -> None:
    """Write a tree as Newick, names quoted where they need it."""
    tree.write(path=str(path), schema="newick", suppress_rooting=True, unquoted_underscores=False)


def branches(tree: dendropy.Tree, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Give which tips (rows, as in ``names``) are below which branches (columns), and the branches' lengths."""
    rows = {name: row for row, name in enumerate(names)}
    nodes = list(tree.postorder_node_iter())
    below = np.zeros((len(names), len(nodes)))
    places = {node: column for column, node in enumerate(nodes)}
    for node in nodes:
        if node.is_leaf():
            below[rows[node.taxon.label], places[node]] = 1
        for child in node.child_node_iter():
            below[:, places[node]] += below[:, places[child]]
    return below, np.array([float(node.edge.length or 0.0) for node in nodes])
