"""Bodies that are no JSON object and are taken, or crash the server."""

import re

from typing_extensions import override

from virtool_contract.reference.bodies import BodyError
from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Document


class _Malformed(Fault):
    category = "validation"


class MalformedJsonAccepted(_Malformed):
    """A body that is not JSON finalizes with an empty object."""

    breaks = ("finalize.body-json",)

    @override
    def value_of(self, text: str) -> object:
        try:
            return super().value_of(text)
        except BodyError:
            return {"results": {}}


class MalformedJsonCrashes(_Malformed):
    """A body that is not JSON is answered with 500."""

    breaks = ("finalize.body-json",)

    @override
    def value_of(self, text: str) -> object:
        try:
            return super().value_of(text)
        except BodyError as error:
            raise BodyError(500, str(error)) from error


class NonObjectBodyAccepted(_Malformed):
    """A body that is JSON but no object finalizes with an empty object."""

    breaks = ("finalize.body-json",)
    reach = "a value"

    @override
    def object_in(self, value: object) -> Document:
        return super().object_in(value if isinstance(value, dict) else {"results": {}})


class NonObjectBodyCrashes(_Malformed):
    """A body that is JSON but no object is answered with 500."""

    breaks = ("finalize.body-json",)
    reach = "a value"

    @override
    def object_in(self, value: object) -> Document:
        if not isinstance(value, dict):
            raise BodyError(500, "Internal server error")
        return super().object_in(value)


class InvalidUtf8Replaced(_Malformed):
    """Bytes that are not UTF-8 are replaced instead of refused."""

    breaks = ("finalize.body-json",)
    reach = "a value"

    @override
    def text_of(self, body: bytes) -> str:
        return body.decode("utf-8", "replace")


class EmptyBodyAccepted(_Malformed):
    """An empty body finalizes with an empty object."""

    breaks = ("finalize.body-json",)
    reach = "a value"

    @override
    def text_of(self, body: bytes) -> str:
        return super().text_of(body) or '{"results": {}}'


class TrailingCommasAccepted(_Malformed):
    """A body that is cut off after `results` finalizes with what came so far."""

    breaks = ("finalize.body-json",)
    reach = "a value"

    @override
    def value_of(self, text: str) -> object:
        try:
            return super().value_of(text)
        except BodyError:
            return super().value_of('{"results": {}}' if "results" in text else text)


class OverlongUtf8Accepted(_Malformed):
    """Letters in two bytes where UTF-8 has one are taken (RFC 3629, section 3, forbids it)."""

    breaks = ("finalize.body-json",)
    reach = "a value"

    @override
    def text_of(self, body: bytes) -> str:
        return super().text_of(
            re.sub(rb"\xc1([\x80-\xbf])", lambda found: bytes([found[1][0] & 0x3F | 0x40]), body)
        )


class BodiesDecodedInPieces(_Malformed):
    """A body is decoded 64 KiB at a time: characters on a border are spoiled, as in Node."""

    breaks = ("finalize.size",)
    reach = "a value"

    @override
    def text_of(self, body: bytes) -> str:
        super().text_of(body)
        pieces = (body[start : start + 65536] for start in range(0, len(body), 65536))
        return "".join(piece.decode("utf-8", "replace") for piece in pieces)
