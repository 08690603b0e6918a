"""Draw a map of one statistic of sites."""

from lmsvc.tools.extents import chosen_extent
from lmsvc.tools.matrices import column_of, read_matrix
from lmsvc.tools.plots import draw_map, place_values
from lmsvc.tools.sites import coordinates, resolution
from lmsvc.tools.toolkit import Inputs, Outputs, Skipped, output_file, run_tool


def tool(inputs: Inputs) -> Outputs:
    """Draw the map."""
    source, statistic = inputs.file("matrix"), inputs.text("statistic")
    matrix = read_matrix(source.path)
    if not matrix.rows:
        raise Skipped("the matrix has no sites")
    values, places = column_of(matrix, statistic), coordinates(matrix)
    side = resolution(places, inputs.optional_number("resolution"))
    drawn = place_values(places, values, side, chosen_extent(inputs), add=False)
    title = inputs.optional_text("title")
    draw_map("heatmap.png", drawn, title, inputs.text("colours"), inputs.optional_file("base_layer"), statistic)
    return {"plot": output_file("heatmap.png", source.label)}


if __name__ == "__main__":
    run_tool(tool)
