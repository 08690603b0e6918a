"""How much room words take in a picture, and words that fit the room there is. Estimates, on the wide side."""

NARROW, WIDE = frozenset("iljtfrI.,:;'|!()[] ·"), frozenset("mwMW@%")
_EMS_NARROW, _EMS_USUAL, _EMS_CAPITAL, _EMS_WIDE = 0.4, 0.64, 0.72, 1.0

WRITTEN_OUT = 10_000
_UNITS = (("k", 1e3), ("M", 1e6), ("G", 1e9))


def width_of(text: str, pixels: float) -> float:
    """Return how wide a text is at most in a font of this size; pixels."""
    return pixels * sum(map(_ems, text))


def fitted(text: str, room: float, pixels: float) -> str:
    """Return a text as it is where it fits, else its beginning and an ellipsis.

    Args:
        text: of one line.
        room: pixels it may take.
        pixels: size of the font.
    """
    if width_of(text, pixels) <= room:
        return text
    kept = text
    while kept and width_of(f"{kept}…", pixels) > room:
        kept = kept[:-1]
    return f"{kept}…"


def short(count: int) -> str:
    """Return a number in at most five characters: `9999`, `12.3k`, `450k`, `1.2M`."""
    if count < WRITTEN_OUT:
        return str(count)
    unit, size = next((unit, size) for unit, size in _UNITS if count < 999.5 * size or unit == "G")
    return f"{count / size:.{1 if count < 99.95 * size else 0}f}{unit}"


def _ems(letter: str) -> float:
    if letter in NARROW:
        return _EMS_NARROW
    if letter in WIDE or not letter.isascii():
        return _EMS_WIDE
    return _EMS_CAPITAL if letter.isupper() else _EMS_USUAL
