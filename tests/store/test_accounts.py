"""Users, tokens, sessions and links in both databases."""

import threading
import time
from dataclasses import replace

import pytest

from lmsvc.store import Store
from lmsvc.store.accounts_records import Quota, Share, User
from lmsvc.store.accounts_secrets import hash_of, issue
from lmsvc.store.errors import TooManyJobs, UnknownJob, UnknownUpload
from lmsvc.store.records import NewJob
from tests.store.make import DOCUMENT, UPLOAD, claim, end, submit

ADA = User("ada", True, email="a@b.example", notify={"email": "a@b.example"}, quota=Quota(jobs=3, bytes=0), created=5.0)


def test_a_user_is_read_as_it_was_written(store: Store) -> None:
    """Every fact of a user comes back; a name is taken once."""
    assert (store.add_user(ADA), store.add_user(replace(ADA, admin=False))) == (True, False)
    assert store.user("ada") == ADA
    changed = replace(ADA, disabled=True, quota=Quota(), notify=None)
    assert (store.change_user(replace(changed, created=9.0)), store.change_user(replace(ADA, name="eve"))) == (
        True,
        False,
    )
    assert store.users() == (changed,)


def test_a_token_opens_until_it_ends(store: Store) -> None:
    """It is good until it expires, is revoked, or its user is disabled."""
    assert issue(store, "ada", 1.0, scopes=["read"]) is None
    store.add_user(ADA)
    made = issue(store, "ada", 1.0, name="n", scopes=["read"], days=1.0)
    assert made is not None
    token, text = made
    found = store.bearer(hash_of(text), 2.0)
    assert found is not None
    assert (found.token, found.user) == (token, ADA)
    assert store.bearer(hash_of(text), 1.0 + 86_400) is None
    assert store.bearer(hash_of(text + "x"), 2.0) is None
    store.note_use(token.id, 7.0)
    assert store.tokens("ada") == (replace(token, last_used=7.0),)
    store.change_user(replace(ADA, disabled=True))
    assert store.bearer(hash_of(text), 2.0) is None
    assert (store.revoke_token(token.id, "eve"), store.revoke_token(token.id, "ada")) == (False, True)
    assert store.tokens() == ()


def test_a_session_knows_its_token_until_either_ends(store: Store) -> None:
    """A session ends at its time, by itself, and with its token."""
    store.add_user(ADA)
    made = issue(store, "ada", 1.0, scopes=["read"])
    assert made is not None
    hashed = hash_of(made[1])
    for name in ("one", "two", "three"):
        store.begin_session(name, hashed, 1.0, 10.0 if name == "one" else 100.0)
    assert [store.session_token(name, 11.0) for name in ("one", "two", "none")] == [None, hashed, None]
    store.end_session("two")
    assert store.session_token("two", 11.0) is None
    store.revoke_token(made[0].id)
    assert store.session_token("three", 11.0) is None


def test_a_job_has_one_link(store: Store) -> None:
    """Shared again it keeps its link while that is good; a link goes with its job."""
    job_id = submit(store)
    first = store.share(Share("s1", job_id, "ada", 1.0, 10.0))
    assert store.share(Share("s2", job_id, "ada", 2.0, 20.0)) == replace(first, expires=20.0)
    assert (store.share_by("s1", 19.0), store.share_by("s1", 20.0), store.share_by("s2", 3.0)) == (
        replace(first, expires=20.0),
        None,
        None,
    )
    assert store.share(Share("s3", job_id, "ada", 30.0, 40.0)).secret == "s3"
    with pytest.raises(UnknownJob):
        store.share(Share("s4", "absent", "ada", 1.0, 2.0))
    claim(store)
    end(store, job_id)
    store.delete(job_id)
    assert store.share_of(job_id, 31.0) is None
    assert not store.unshare(job_id)


def test_everybody_who_sends_a_content_has_it(store: Store) -> None:
    """The content is kept once and goes with its last owner; names and sums are each owner's own."""
    store.add_upload(UPLOAD)
    bobs = store.add_upload(replace(UPLOAD, name="mine.csv", user="bob", created=2.0))
    assert (bobs.name, store.upload(UPLOAD.id, "ada"), store.upload(UPLOAD.id)) == ("mine.csv", UPLOAD, UPLOAD)
    assert store.upload(UPLOAD.id, "eve") is None
    assert (store.upload_bytes("bob"), store.upload_bytes("eve")) == (UPLOAD.size, 0)
    assert store.delete_upload(UPLOAD.id, "ada")
    assert store.upload(UPLOAD.id) == bobs
    assert store.delete_upload(UPLOAD.id, "bob")
    assert store.upload(UPLOAD.id) is None


def test_an_upload_in_use_stays_with_whom_it_serves(store: Store) -> None:
    """Its user cannot delete it while a job of his needs it, nor its last owner while anybody's does."""
    document = {**DOCUMENT, "inputs": {"f": {"upload": UPLOAD.id}}}
    store.add_upload(UPLOAD)
    with pytest.raises(UnknownUpload):
        store.submit(NewJob("root", "x", document), None, 1.0)
    store.submit(NewJob("root", "x", document, any_uploads=True), None, 1.0)
    assert store.delete_upload(UPLOAD.id, "ada")
    assert not store.delete_upload(UPLOAD.id, "root")
    assert store.upload(UPLOAD.id) is not None


def test_a_quota_holds_when_many_submit_at_once(store: Store) -> None:
    """Of many submissions at one moment as many are taken as may be, and no more; other users' are not counted."""
    submit(store, "bob")
    taken, refused = list[str](), list[str]()

    def one() -> None:
        try:
            taken.append(store.submit(NewJob("ada", "x", DOCUMENT, most_jobs=3), None, 1.0).job_id)
        except TooManyJobs as error:
            refused.append(str(error))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(taken), len(refused)) == (3, 5)
    store.request_cancel(taken[0], 2.0)
    submit(store, "ada")
    with pytest.raises(TooManyJobs):
        store.retry(taken[0], 3.0, most_jobs=3)


def test_tags_are_changed_as_a_whole(store: Store) -> None:
    """The list finds a job by its new tags and no longer by the old ones."""
    job_id = store.submit(NewJob("ada", "x", DOCUMENT, tags=("old",)), None, time.time()).job_id
    assert store.set_tags(job_id, ("new", "newer"), 2.0)
    head = store.head(job_id)
    assert head is not None
    assert head.tags == ("new", "newer")
    assert [event.kind for event in store.events(job_id)][-1] == "tags"
    assert not store.set_tags("absent", ("x",), 2.0)
