"""Max-min fair shares of whole slots."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class Claim:
    """What one claimant may get and gets."""

    name: str
    least: int
    """It gets so much before anyone gets more."""
    most: int
    held: int
    """What it has now; decides only who gets the slots that do not come out even."""
    share: int = 0


def share_out(claims: Sequence[Claim], slots: int) -> None:
    """Set every claim's share: as equal as its bounds allow, and together all slots or all that is asked for.

    Args:
        claims: their least amounts together must not be more than the slots.
        slots: what there is.
    """
    if len(claims) == 1:
        claims[0].share = min(slots, claims[0].most)
        return
    level, odd = _level(claims, slots)
    for claim in claims:
        claim.share = min(max(level, claim.least), claim.most)
    if odd:
        between = [claim for claim in claims if claim.least <= level < claim.most]
        for claim in sorted(between, key=lambda claim: (claim.held <= level, claim.name))[:odd]:
            claim.share += 1


def _level(claims: Sequence[Claim], slots: int) -> tuple[int, int]:
    """Return the level up to which all are served, and the slots left over at it."""
    left = slots - sum(claim.least for claim in claims)
    turns = [(claim.least, 1) for claim in claims] + [(claim.most, -1) for claim in claims]
    level = rising = 0
    for at, change in sorted(turns):
        needed = rising * (at - level)
        if needed > left:
            whole, odd = divmod(left, rising)
            return level + whole, odd
        left -= needed
        level, rising = at, rising + change
    return level, 0
