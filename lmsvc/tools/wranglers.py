"""Wranglers of occurrence records, in the vocabulary of lmpy's configuration files.

Each is built from its configuration and maps a list of records to the records that stay.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from lmsvc.tools.geometry import outside_of, transformer, within
from lmsvc.tools.toolkit import Json, ToolError

Config = Mapping[str, Json]


class Record(NamedTuple):
    """An occurrence: its taxon, where it is, and all its fields by header."""

    name: str
    x: float
    y: float
    fields: dict[str, str]


Wrangler = Callable[[list[Record]], list[Record]]


def unique_localities(_config: Config) -> Wrangler:
    """Keep the first record of each taxon at each place."""
    return lambda records: list({(record.name, record.x, record.y): record for record in reversed(records)}.values())[
        ::-1
    ]


def bounding_box(config: Config) -> Wrangler:
    """Keep what is inside a box, its border included."""
    min_x, min_y, max_x, max_y = (float(_need(config, key)) for key in ("min_x", "min_y", "max_x", "max_y"))
    return lambda records: [r for r in records if min_x <= r.x <= max_x and min_y <= r.y <= max_y]


def decimal_precision(config: Config) -> Wrangler:
    """Keep records whose coordinates both have so many decimals."""
    places = int(_need(config, "decimal_places"))
    return lambda records: [r for r in records if min(_decimals(r.x), _decimals(r.y)) >= places]


def _decimals(value: float) -> int:
    return len(f"{value!r}".partition(".")[2])


def minimum_points(config: Config) -> Wrangler:
    """Keep the taxa with at least so many records, whole."""
    least = int(_need(config, "minimum_count"))

    def wrangle(records: list[Record]) -> list[Record]:
        counts: dict[str, int] = defaultdict(int)
        for record in records:
            counts[record.name] += 1
        return [record for record in records if counts[record.name] >= least]

    return wrangle


def match_species_list(config: Config) -> Wrangler:
    """Keep the taxa of a list."""
    names = _need(config, "species_list")
    if isinstance(names, str):
        raise ToolError("give the names of species_list themselves, or the file as the input 'species_list'")
    wanted = frozenset(names)
    return lambda records: [record for record in records if record.name in wanted]


def accepted_names(config: Config) -> Wrangler:
    """Replace names by the accepted ones of a map; names the map does not know are dropped."""
    names = _need(config, "name_map")
    if not isinstance(names, Mapping):
        raise ToolError("give the name map itself, or the file as the input 'name_map'; names are not looked up online")
    return lambda records: [record._replace(name=names[record.name]) for record in records if names.get(record.name)]


def attribute_filter(config: Config) -> Wrangler:
    """Drop records whose field holds one of some values; a field may hold several, parted by ``;`` or ``|``."""
    attribute = str(_need(config, "attribute_name"))
    condition = config.get("filter_func", {}).get("for-each", {})
    if str(condition.get("condition")).lower() != "not-in":
        raise ToolError("AttributeFilterWrangler knows only filter_func {'for-each': {'condition': 'not-in', ...}}")
    refused = {str(value) for value in condition.get("values", [])}
    return lambda records: [r for r in records if refused.isdisjoint(_values(r.fields.get(attribute, "")))]


def _values(text: str) -> list[str]:
    return [value.strip() for value in text.replace("|", ";").split(";")]


def convert_coordinates(config: Config) -> Wrangler:
    """Convert coordinates from one map projection to another."""
    convert = transformer(int(_need(config, "source_epsg")), int(_need(config, "target_epsg")))

    def wrangle(records: list[Record]) -> list[Record]:
        moved = [(record, convert(record.x, record.y)) for record in records]
        return [record._replace(x=place[0], y=place[1]) for record, place in moved]

    return wrangle


def intersect_geometries(config: Config) -> Wrangler:
    """Keep what lies in one of some areas."""
    test = within(_need(config, "geometry_wkts"))
    return lambda records: [record for record in records if test(record.x, record.y)]


def disjoint_geometries(config: Config) -> Wrangler:
    """Keep what lies in none of some areas."""
    test = outside_of(_need(config, "geometry_wkts"))
    return lambda records: [record for record in records if test(record.x, record.y)]


WRANGLERS: Mapping[str, Callable[[Config], Wrangler]] = {
    "AcceptedNameOccurrenceWrangler": accepted_names,
    "AttributeFilterWrangler": attribute_filter,
    "BoundingBoxFilter": bounding_box,
    "CoordinateConverterWrangler": convert_coordinates,
    "DecimalPrecisionFilter": decimal_precision,
    "DisjointGeometriesFilter": disjoint_geometries,
    "IntersectGeometriesFilter": intersect_geometries,
    "MinimumPointsWrangler": minimum_points,
    "OccurrenceSpeciesListWrangler": match_species_list,
    "UniqueLocalitiesFilter": unique_localities,
}


def build_wrangler(config: Config) -> Wrangler:
    """Build a wrangler from its configuration.

    Raises:
        ToolError: the type is unknown or a parameter is missing.
    """
    kind = str(config.get("wrangler_type"))
    if kind not in WRANGLERS:
        raise ToolError(f"unknown wrangler_type {kind!r}; known are: {', '.join(WRANGLERS)}")
    return WRANGLERS[kind](config)


def _need(config: Config, key: str) -> Json:
    if config.get(key) is None:
        raise ToolError(f"{config.get('wrangler_type')} needs '{key}'")
    return config[key]
