"""Write a matrix of sites as GeoJSON squares with the columns as properties."""

import json
import math
from collections.abc import Collection
from pathlib import Path

from lmsvc.tools.matrices import Matrix, read_matrix
from lmsvc.tools.sites import coordinates, resolution
from lmsvc.tools.toolkit import Inputs, Json, Outputs, output_file, run_tool


def square(x: float, y: float, side: float) -> Json:
    """Give the square around a place, counter-clockwise."""
    west, east, south, north = x - side / 2, x + side / 2, y - side / 2, y + side / 2
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def features(matrix: Matrix, side: float, omit: Collection[float]) -> list[Json]:
    """Give a feature per site that has a property left."""
    columns = [str(column) for column in matrix.columns]
    found = []
    for (site, x, y), row in zip(matrix.rows, matrix.data.tolist(), strict=True):
        values = {name: value for name, value in zip(columns, row, strict=True) if value not in omit}
        properties = {name: value if math.isfinite(value) else None for name, value in values.items()}
        if properties:
            found.append({"type": "Feature", "id": site, "geometry": square(x, y, side), "properties": properties})
    return found


def tool(inputs: Inputs) -> Outputs:
    """Convert the matrix."""
    source = inputs.file("matrix")
    matrix = read_matrix(source.path)
    side = resolution(coordinates(matrix), inputs.optional_number("resolution"))
    omit = frozenset(float(text) for text in inputs.texts("omit_values"))
    collection = {"type": "FeatureCollection", "features": features(matrix, side, omit)}
    Path("sites.geojson").write_text(json.dumps(collection, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    return {"geojson": output_file("sites.geojson", source.label)}


if __name__ == "__main__":
    run_tool(tool)
