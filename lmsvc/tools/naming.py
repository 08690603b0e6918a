"""Safe file names for any names people use, never two alike."""

import re
import unicodedata

LONGEST = 60


class FileNames:
    """Gives each name a file name of plain letters that no other name has, also where case does not count."""

    def __init__(self, ending: str) -> None:
        """Start with no names taken; ``ending`` is put behind each."""
        self._ending = ending
        self._taken: set[str] = set()

    def give(self, name: str) -> str:
        """Give a new file name that resembles the name."""
        stem = slug(name)
        number, candidate = 1, stem
        while candidate.casefold() in self._taken:
            number += 1
            candidate = f"{stem}-{number}"
        self._taken.add(candidate.casefold())
        return candidate + self._ending


def slug(name: str) -> str:
    """Give the letters and digits of a name, at most 60, joined by underscores."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", letters)[:LONGEST].strip("_") or "unnamed"
