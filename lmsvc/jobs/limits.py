"""Bounds on what one job document may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of one job document."""

    steps: int = 200
    items: int = 200_000
    """Items of all steps together, as far as lengths are known before anything runs."""
    label_length: int = 300
    """Characters of a label."""
    depth: int = 32
    """Levels of nesting of JSON arrays and objects."""
