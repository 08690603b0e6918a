"""Draw a map of how many occurrence records there are where."""

import numpy as np

from lmsvc.tools.extents import chosen_extent
from lmsvc.tools.plots import draw_map, place_values
from lmsvc.tools.tables import keys_of, read_coordinates
from lmsvc.tools.toolkit import Inputs, Outputs, Skipped, ToolError, output_file, run_tool


def tool(inputs: Inputs) -> Outputs:
    """Draw the map."""
    points, side = inputs.file("points"), inputs.number("resolution")
    if side <= 0:
        raise ToolError(f"resolution must be above 0, not {side}")
    places = np.array(read_coordinates(points, keys_of(inputs)))
    if not places.size:
        raise Skipped("no occurrence records with coordinates to draw")
    drawn = place_values(places, np.ones(len(places)), side, chosen_extent(inputs), add=True)
    title = inputs.optional_text("title") or points.label
    draw_map("heatmap.png", drawn, title, inputs.text("colours"), inputs.optional_file("base_layer"), "records")
    return {"plot": output_file("heatmap.png", points.label)}


if __name__ == "__main__":
    run_tool(tool)
