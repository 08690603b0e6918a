"""How many jobs a user may have waiting and running."""

import zlib

from peewee import fn

from lmsvc.jobs.states import JobState
from lmsvc.store.database import Session
from lmsvc.store.errors import TooManyJobs
from lmsvc.store.models import Jobs

_LOCKS = 0x726F6F6D << 32  # "room", and the user's name below it


def require_room(session: Session, user: str, most: int) -> None:
    """Refuse another job where a user has `most` waiting or running already; 0 is no bound.

    Until the transaction ends no other one counts the same user's jobs.

    Raises:
        TooManyJobs: there is no room.
    """
    if not most:
        return
    session.serialise(_LOCKS | zlib.crc32(user.encode(errors="replace")))
    live = Jobs.state.in_([JobState.QUEUED, JobState.RUNNING])
    if session.number(Jobs.select(fn.COUNT(Jobs.seq)).where((Jobs.user == user) & live)) >= most:
        raise TooManyJobs(user)
