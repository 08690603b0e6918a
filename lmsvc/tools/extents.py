"""The part of the world that a map shows."""

from lmsvc.tools.toolkit import Inputs, ToolError

Extent = tuple[float, float, float, float]


def chosen_extent(inputs: Inputs) -> Extent | None:
    """Give west, east, south, north as the job chose, or None where it did not.

    Raises:
        ToolError: only some sides are given, or they enclose nothing.
    """
    sides = [inputs.optional_number(side) for side in ("min_x", "max_x", "min_y", "max_y")]
    given = [side for side in sides if side is not None]
    if not given:
        return None
    if len(given) < len(sides):
        raise ToolError("give all of min_x, min_y, max_x and max_y, or none")
    west, east, south, north = given
    if not (west < east and south < north):
        raise ToolError(f"the map has no area: x {west} to {east}, y {south} to {north}")
    return west, east, south, north
