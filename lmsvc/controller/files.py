"""Small files that are written whole or not at all."""

import json
from pathlib import Path


def write_json(path: Path, value: object) -> None:
    """Write JSON beside its place and rename it there."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")
    partial.replace(path)
