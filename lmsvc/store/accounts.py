"""Users."""

from dataclasses import asdict

from lmsvc.store.accounts_records import Quota, User
from lmsvc.store.base import Part
from lmsvc.store.database import Row, Session
from lmsvc.store.models import Users

USER_COLUMNS = [getattr(Users, name) for name in User.__dataclass_fields__]
"""What a `User` is made of."""


class AccountStore(Part):
    """Users."""

    def add_user(self, user: User) -> bool:
        """Store a new user; False if there is one of this name."""
        with self._database.writing() as session:
            return session.change(Users.insert(_row(user)).on_conflict_ignore()) == 1

    def user(self, name: str) -> User | None:
        """Return a user."""
        with self._database.reading() as session:
            return _read(session, name)

    def users(self) -> tuple[User, ...]:
        """Return all users by name."""
        with self._database.reading() as session:
            return tuple(to_user(row) for row in session.all(Users.select(*USER_COLUMNS).order_by(Users.name)))

    def change_user(self, user: User) -> bool:
        """Store a user as changed; the name and the time of creation stay. False if there is no such user."""
        changes = {name: value for name, value in _row(user).items() if name not in ("name", "created")}
        with self._database.writing() as session:
            return session.change(Users.update(changes).where(Users.name == user.name)) == 1


def _row(user: User) -> Row:
    quota = {name: value for name, value in asdict(user.quota).items() if value is not None}
    return {**vars(user), "quota": quota, "notify": None if user.notify is None else dict(user.notify)}


def _read(session: Session, name: str) -> User | None:
    row = session.one(Users.select(*USER_COLUMNS).where(Users.name == name))
    return to_user(row) if row else None


def to_user(row: Row) -> User:
    """Return a row of `USER_COLUMNS` as a record."""
    return User(**row | {"quota": Quota(**row["quota"])})
