"""Replies as bytes and headers, and credentials out of a header."""

import base64
import binascii
import json
from typing import Final

from virtool_contract.reference.values import Call, Credentials, Document, Reply, Sent

ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
"""ASCII only: a lone surrogate has no UTF-8 form, but it has an escape."""


class Wire:
    """How replies look on the wire."""

    def sent(self, call: Call, reply: Reply) -> Sent:
        """Return a reply as it is sent."""
        return Sent(
            status=reply.status,
            headers=self.headers_of(call, reply),
            body=self.body_of(call, reply),
        )

    def headers_of(self, call: Call, reply: Reply) -> dict[str, str]:
        """Return the headers but for the length, which is the server's business."""
        media_type = self.media_type_of(call, reply)
        label = {} if media_type is None else {"content-type": media_type}
        return label | dict(reply.headers)

    def media_type_of(self, _call: Call, reply: Reply) -> str | None:
        """Return how the body is labelled; None for not at all."""
        return None if reply.content is None else reply.media_type

    def body_of(self, call: Call, reply: Reply) -> bytes:
        """Return the body."""
        if isinstance(reply.content, dict):
            return self.encoded(call, reply.content)
        return reply.content or b""

    def encoded(self, _call: Call, document: Document) -> bytes:
        """Return a JSON object as bytes."""
        return as_json(document)


def as_json(document: Document) -> bytes:
    """Return a JSON object as ASCII bytes, without blanks."""
    return ENCODER.encode(document).encode("ascii")


def is_document(reply: Reply) -> bool:
    """Tell an analysis from a refusal."""
    return reply.status < 300 and isinstance(reply.content, dict)


def credentials_in(header: str | None) -> Credentials | None:
    """Return the credentials of an Authorization header (RFC 7617); None if it has none."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = (
            base64.b64decode(token, validate=True).decode("utf-8").partition(":")
        )
    except (binascii.Error, ValueError):
        return None
    return Credentials(user=user, password=password) if colon else None
