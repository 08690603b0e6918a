"""Uploads in parts that go on where they broke off: the tus protocol, version 1.0.0 (https://tus.io).

What has arrived whole is an upload like any other: the same content has the same id, however it came.
"""

import secrets
import time
from collections.abc import Callable
from email.utils import formatdate

from flask import Flask, Response, request

from lmsvc.web.answers import json_answer
from lmsvc.web.appending import append_next, finish, turn
from lmsvc.web.bodies import TransferBody, TransfersPage
from lmsvc.web.operations import Answer, Body, Operation
from lmsvc.web.problems import Problem, not_found
from lmsvc.web.quotas import require_bytes
from lmsvc.web.receiving import require_acceptable, require_good_name
from lmsvc.web.services import services
from lmsvc.web.transfers import Transfer
from lmsvc.web.tus import (
    DIGESTS,
    EXTENSIONS,
    PART_TYPE,
    VERSION,
    metadata,
    number,
    require_part,
    require_version,
    sha256_of,
)
from lmsvc.web.uploads import user

BASE = "/api/v1/tus"
UNNAMED = "unnamed"


def install(app: Flask) -> None:
    """Let every answer about uploads in parts tell the protocol's version."""
    app.after_request(_tell_version)


def _tell_version(response: Response) -> Response:
    if request.path == BASE or request.path.startswith(f"{BASE}/"):
        response.headers["Tus-Resumable"] = VERSION
    return response


def tus_options() -> Response:
    """Tell what of the tus protocol is spoken here."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(services().settings.limits.upload_bytes),
        "Tus-Checksum-Algorithm": ",".join(DIGESTS),
    }
    return Response(status=204, headers=headers)


def list_transfers() -> Response:
    """List your uploads that have not arrived whole, so that you can go on with them."""
    found = services().transfers.unfinished(user())
    return json_answer(TransfersPage(transfers=[_body(transfer) for transfer in found], next=None))


def create_transfer() -> Response:
    """Begin an upload in parts.

    `Upload-Metadata` gives its `filename` and, where the client knows it, the `sha256` of the whole, which is then
    checked. The request may carry the first part.
    """
    require_version()
    size, announced = number("Upload-Length"), metadata()
    require_acceptable(size)
    require_bytes(size + sum(transfer.size for transfer in services().transfers.unfinished(user())))
    name = announced.get("filename") or announced.get("name") or UNNAMED
    require_good_name(name)
    transfer = Transfer(secrets.token_hex(16), user(), name, size, _metadata_text(), sha256_of(announced), time.time())
    services().transfers.begin(transfer)
    return _begun(transfer)


def _begun(transfer: Transfer) -> Response:
    if request.mimetype == PART_TYPE:
        transfer = append_next(transfer, 0)
    elif transfer.size == 0:
        transfer = finish(transfer)
    return Response(status=201, headers={**_facts(transfer), "Location": f"{BASE}/{transfer.id}"})


def get_transfer(transfer: str) -> Response:
    """Tell how much of an upload has arrived.

    HEAD, as tus has it, also ends what may still be sending from before.
    """
    if request.method != "HEAD":
        found = _found(transfer)
    else:
        require_version()
        with turn(transfer):
            found = _found(transfer)
    headers = {**_facts(found), "Upload-Length": str(found.size), "Cache-Control": "no-store"}
    if found.metadata:
        headers["Upload-Metadata"] = found.metadata
    return json_answer(_body(found), 200, headers)


def append_to_transfer(transfer: str) -> Response:
    """Send the next part of an upload.

    What came before the connection broke is kept, unless the part has a checksum. With the last part the answer has
    the header `Lmsvc-Upload`, the id of the upload.
    """
    require_version()
    require_part()
    offset = number("Upload-Offset")
    with turn(transfer):
        found = append_next(_found(transfer), offset)
    return Response(status=204, headers=_facts(found))


def delete_transfer(transfer: str) -> Response:
    """Give up an upload and remove what has arrived; one that has arrived whole stays among the uploads."""
    require_version()
    with turn(transfer):
        services().transfers.remove(_found(transfer).id)
    return Response(status=204)


def override_transfer(transfer: str) -> Response:
    """Do what X-HTTP-Method-Override says, for clients that cannot send PATCH or DELETE."""
    views: dict[str, Callable[[str], Response]] = {
        "PATCH": append_to_transfer,
        "DELETE": delete_transfer,
        "HEAD": get_transfer,
    }
    view = views.get(request.headers.get("X-HTTP-Method-Override", "").upper())
    if view is None:
        detail = f"POST is possible here only with X-HTTP-Method-Override: {', '.join(views)}."
        raise Problem(405, "method-not-allowed", detail, headers={"Allow": "GET, HEAD, PATCH, DELETE"})
    return view(transfer)


def _found(identity: str) -> Transfer:
    found = services().transfers.find(identity)
    if found is None or found.user != user():
        raise not_found("There is no such upload; it may have expired. Begin again.")
    return found


def _metadata_text() -> str:
    return request.headers.get("Upload-Metadata", "")


def _facts(transfer: Transfer) -> dict[str, str]:
    kept = services().transfers
    facts = {"Upload-Offset": str(kept.offset(transfer))}
    if transfer.upload:
        return {**facts, "Lmsvc-Upload": transfer.upload}
    return {**facts, "Upload-Expires": formatdate(kept.expires(transfer), usegmt=True)}


def _body(transfer: Transfer) -> TransferBody:
    kept = services().transfers
    return TransferBody.model_validate(
        {
            **{name: getattr(transfer, name) for name in ("id", "name", "size", "sha256", "upload")},
            "offset": kept.offset(transfer),
            "expires": kept.expires(transfer),
        }
    )


_TRANSFER = f"{BASE}/{{transfer}}"
_VERSION = {"Tus-Resumable": f"`{VERSION}`"}
_STANDS = {"Upload-Offset": "bytes that have arrived", "Lmsvc-Upload": "id of the upload, once it is whole"}
_PART = {
    **_VERSION,
    "Upload-Offset": "where the part begins: the bytes that have arrived",
    "Upload-Checksum": "`sha256` or `sha1`, a space, and the part's checksum in base64",
}
_BEGIN = {
    **_VERSION,
    "Upload-Length": "bytes of the whole",
    "Upload-Metadata": "pairs of a key and a value in base64: `filename`, `sha256`",
}
_GIVEN_UP = Answer("Done.", media_type=None, headers=_STANDS)

OPERATIONS = (
    Operation("OPTIONS", BASE, tus_options, "uploads", {204: Answer("The protocol.", media_type=None)}),
    Operation("GET", BASE, list_transfers, "uploads", {200: Answer("Those that are not whole.", TransfersPage)}),
    Operation(
        "POST",
        BASE,
        create_transfer,
        "uploads",
        {201: Answer("Begun.", media_type=None, headers={"Location": "where to send parts", **_STANDS})},
        (400, 409, 412, 413, 460, 507),
        headers=_BEGIN,
    ),
    Operation(
        "GET",
        _TRANSFER,
        get_transfer,
        "uploads",
        {200: Answer("How far it is.", TransferBody, headers=_STANDS)},
        (404, 412, 423),
        headers=_VERSION,
    ),
    Operation(
        "PATCH",
        _TRANSFER,
        append_to_transfer,
        "uploads",
        {204: Answer("It has arrived.", media_type=None, headers=_STANDS)},
        (400, 404, 409, 412, 413, 415, 423, 460, 507),
        headers=_PART,
        body=Body(PART_TYPE, "the part"),
    ),
    Operation("DELETE", _TRANSFER, delete_transfer, "uploads", {204: _GIVEN_UP}, (404, 412, 423), headers=_VERSION),
    Operation(
        "POST",
        _TRANSFER,
        override_transfer,
        "uploads",
        {204: _GIVEN_UP, 200: Answer("How far it is.", TransferBody)},
        (400, 404, 405, 409, 412, 413, 415, 423, 460, 507),
        headers={**_PART, "X-HTTP-Method-Override": "PATCH, DELETE or HEAD"},
    ),
)
