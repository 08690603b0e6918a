"""Pictures by matplotlib, without a display, the same bytes each time."""

import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lmsvc.tools.toolkit import InputFile, ToolError, load

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator

INCHES = (9.0, 6.0)
DOTS_PER_INCH = 120
LAND = "#e4e4e4"
MOST_PIXELS = 25_000_000

Extent = tuple[float, float, float, float]


class Map(NamedTuple):
    """Values on a raster: rows from north to south, NaN where nothing is drawn; extent is west, east, south, north."""

    values: np.ndarray
    extent: Extent


def pyplot() -> ModuleType:
    """Import matplotlib, told to need no display and to keep its files in the working directory."""
    os.environ.setdefault("MPLCONFIGDIR", str(Path(".matplotlib").absolute()))
    os.environ["MPLBACKEND"] = "Agg"
    return load("matplotlib.pyplot")


def place_values(places: np.ndarray, values: np.ndarray, side: float, extent: Extent | None, add: bool) -> Map:
    """Put values at places on a raster: added up, or else their mean.

    Args:
        places: (x, y) of each value.
        values: the values.
        side: of a pixel.
        extent: of the map; None means that of the places. What lies outside is left out.
        add: whether values at one pixel are added.
    """
    west, east, south, north = extent or _around(places, side)
    width, height = (max(1, round((high - low) / side)) for low, high in ((west, east), (south, north)))
    if width * height > MOST_PIXELS:
        raise ToolError(f"a map of {width} x {height} pixels is too large: set a larger resolution")
    columns = np.floor((places[:, 0] - west) / side + 1e-9).astype(int)
    rows = np.floor((north - places[:, 1]) / side + 1e-9).astype(int)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & np.isfinite(values)
    sums, counts = np.zeros((height, width)), np.zeros((height, width))
    np.add.at(sums, (rows[inside], columns[inside]), values[inside])
    np.add.at(counts, (rows[inside], columns[inside]), 1)
    shown = sums if add else np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    shown[counts == 0] = np.nan
    return Map(shown, (west, west + width * side, north - height * side, north))


def _around(places: np.ndarray, side: float) -> Extent:
    (west, south), (east, north) = places.min(axis=0), places.max(axis=0)
    return float(west - side / 2), float(east + side / 2), float(south - side / 2), float(north + side / 2)


def draw_map(path: str, drawn: Map, title: str | None, colours: str, base: InputFile | None, legend: str) -> None:
    """Draw a map with its colour bar, over the land of a base layer where one is given.

    Raises:
        ToolError: matplotlib knows no such colours.
    """
    plt = pyplot()
    if colours not in plt.colormaps():
        raise ToolError(f"unknown colour map '{colours}'; try Reds, viridis, magma or YlGnBu")
    figure, axes = plt.subplots(figsize=INCHES, layout="constrained")
    west, east, south, north = drawn.extent
    if base:
        _draw_base(axes, base)
    lowest = min(0.0, float(np.nanmin(drawn.values))) if np.isfinite(drawn.values).any() else 0.0
    image = axes.imshow(drawn.values, extent=drawn.extent, cmap=colours, vmin=lowest, interpolation="nearest", zorder=2)
    axes.set(xlim=(west, east), ylim=(south, north), xlabel="x", ylabel="y", aspect="equal")
    figure.colorbar(image, ax=axes, label=plain_text(legend), shrink=0.8, ticks=_ticks(drawn.values))
    save(figure, axes, path, title)


def _ticks(values: np.ndarray) -> "Locator":
    shown = values[np.isfinite(values)]
    return load("matplotlib.ticker").MaxNLocator(integer=bool((shown == np.rint(shown)).all()))


def _draw_base(axes: "Axes", base: InputFile) -> None:
    rasters = load("lmsvc.tools.rasters")
    dataset = rasters.open_raster(base)
    west, south, east, north = rasters.frame_of(dataset).bounds
    land = np.where(np.isnan(rasters.values_of(dataset)), np.nan, 1.0)
    colours = load("matplotlib.colors").ListedColormap([LAND])
    axes.imshow(land, extent=(west, east, south, north), cmap=colours, interpolation="nearest", zorder=1)


def draw_scatter(path: str, x: np.ndarray, y: np.ndarray, labels: tuple[str, str], title: str | None) -> None:
    """Draw points of two statistics against each other."""
    plt = pyplot()
    figure, axes = plt.subplots(figsize=INCHES, layout="constrained")
    axes.scatter(x, y, s=14, alpha=0.6, linewidths=0)
    axes.set(xlabel=plain_text(labels[0]), ylabel=plain_text(labels[1]))
    axes.grid(alpha=0.3)
    save(figure, axes, path, title)


def save(figure: "Figure", axes: "Axes", path: str, title: str | None) -> None:
    """Write a picture without the name of the program in it."""
    if title:
        axes.set_title(plain_text(title))
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})


def plain_text(text: str) -> str:
    """Give a text that matplotlib does not take for mathematics."""
    return text.replace("$", r"\$")
