"""Which names uploaded files may have."""

import unicodedata

MAX_NAME_BYTES = 255

_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
_BIDIRECTIONAL = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def name_fault(name: str) -> str | None:
    """Return what is wrong with a file name, as the rest of a sentence; None for a good one."""
    if name in (".", "..") or "/" in name or "\\" in name:
        return "must be a plain name, not a path"
    if len(name.encode(errors="replace")) > MAX_NAME_BYTES:
        return f"must have at most {MAX_NAME_BYTES} bytes in UTF-8"
    if "\ufffd" in name:
        return "is not UTF-8"
    if name != name.strip():
        return "must not begin or end with a space"
    if any(letter in _BIDIRECTIONAL or unicodedata.category(letter) in _REFUSED_CATEGORIES for letter in name):
        return "must not have control characters"
    return None
