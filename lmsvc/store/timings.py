"""What tools take: learned from what ran, used to cut batches."""

from peewee import EXCLUDED

from lmsvc.store.base import Part
from lmsvc.store.models import Timings

_MEMORY = 0.8
_MOST_ITEMS = 20


class TimingStore(Part):
    """Timings of tools."""

    def record_timing(self, tool: str, items: int, seconds: float) -> None:
        """Learn from a batch: `items` items took `seconds` together. Each item moves the average by a fifth."""
        if items < 1 or seconds < 0:
            return
        weight = 1 - _MEMORY ** min(items, _MOST_ITEMS)
        new: float = EXCLUDED.seconds_per_item
        moved = Timings.seconds_per_item + (new - Timings.seconds_per_item) * weight
        insert = Timings.insert(tool=tool, seconds_per_item=seconds / items)
        query = insert.on_conflict(conflict_target=[Timings.tool], update={Timings.seconds_per_item: moved})
        with self._database.writing() as session:
            session.change(query)

    def seconds_per_item(self) -> dict[str, float]:
        """Return the seconds per item of each tool that ever ran."""
        with self._database.reading() as session:
            rows = session.all(Timings.select(Timings.tool, Timings.seconds_per_item))
        return {row["tool"]: row["seconds_per_item"] for row in rows}
