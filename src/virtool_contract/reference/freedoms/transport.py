"""Other ways to send an answer."""

import asyncio
import gzip
import json
import re
from dataclasses import replace

from typing_extensions import override

from virtool_contract.reference.freedoms.base import Freedom
from virtool_contract.reference.values import Call, Document, Reply, Sent
from virtool_contract.reference.wire import as_json, is_document

SURROGATE = re.compile("[\ud800-\udfff]")


class PrettyPrinted(Freedom):
    """JSON is indented and ends in a line end."""

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        return json.dumps(document, indent=4).encode() + b"\n"


class UnicodeUnescaped(Freedom):
    """Characters outside ASCII are sent as they are."""

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        text = json.dumps(document, ensure_ascii=False)
        return SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


class EscapesInCapitals(Freedom):
    """Escapes are written in capitals, and slashes are escaped."""

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        text = super().encoded(call, document).decode()
        # A backslash before `u` may itself be escaped: pairs of them are passed over.
        upper = re.sub(r"\\\\|\\u[0-9a-f]{4}", self.in_capitals, text)
        return upper.replace("/", "\\/").encode()

    def in_capitals(self, found: re.Match[str]) -> str:
        """Return an escape with its digits in capitals."""
        return found[0] if found[0] == "\\\\" else f"\\u{found[0][2:].upper()}"


class Gzipped(Freedom):
    """Bodies are compressed for those who accept it."""

    @override
    def sent(self, call: Call, reply: Reply) -> Sent:
        sent = super().sent(call, reply)
        if not sent.body or "gzip" not in call.headers.get("accept-encoding", ""):
            return sent
        headers = {**sent.headers, "content-encoding": "gzip", "vary": "accept-encoding"}
        return replace(sent, headers=headers, body=gzip.compress(sent.body))


class Chunked(Freedom):
    """Bodies come in chunks, without a length."""

    @override
    def sent(self, call: Call, reply: Reply) -> Sent:
        sent = super().sent(call, reply)
        return replace(sent, chunked=bool(sent.body))


class ConnectionClosed(Freedom):
    """Every answer is the last on its connection."""

    @override
    def headers_of(self, call: Call, reply: Reply) -> dict[str, str]:
        return super().headers_of(call, reply) | {"connection": "close"}


class Slow(Freedom):
    """Every answer takes 8 ms."""

    @override
    async def pause(self, call: Call) -> None:
        await asyncio.sleep(0.008)


class Jittery(Freedom):
    """Every answer takes up to 20 ms, now more, now less."""

    @override
    async def pause(self, call: Call) -> None:
        await asyncio.sleep(self.random.uniform(0, 0.02))


class CharsetLabelled(Freedom):
    """JSON is labelled with a charset."""

    @override
    def media_type_of(self, call: Call, reply: Reply) -> str | None:
        label = super().media_type_of(call, reply)
        return f"{label}; charset=utf-8" if label == "application/json" else label


class LabelInCapitals(Freedom):
    """JSON is labelled `Application/JSON`: media types have no letter case."""

    @override
    def media_type_of(self, call: Call, reply: Reply) -> str | None:
        label = super().media_type_of(call, reply)
        return "Application/JSON" if label == "application/json" else label


class VendorLabelled(Freedom):
    """Documents have a media type of their own that ends in `+json`."""

    @override
    def media_type_of(self, call: Call, reply: Reply) -> str | None:
        label = super().media_type_of(call, reply)
        return "application/vnd.virtool.analysis+json" if is_document(reply) else label


class ExtraHeaders(Freedom):
    """Answers have headers for caches and logs."""

    @override
    def headers_of(self, call: Call, reply: Reply) -> dict[str, str]:
        extra = {"cache-control": "no-store", "x-request-id": f"r{self.tally('request')}"}
        return super().headers_of(call, reply) | extra | {"etag": f'W/"{self.minted}"'}


class HeadRefused(Freedom):
    """HEAD is not allowed."""

    @override
    async def get(self, call: Call) -> Reply:
        return self.undeclared("HEAD") if call.method == "HEAD" else await super().get(call)


class OptionsAnswered(Freedom):
    """OPTIONS is answered with what is allowed."""

    @override
    def undeclared(self, method: str) -> Reply:
        reply = super().undeclared(method)
        return Reply(status=204, headers=reply.headers) if method == "OPTIONS" else reply


class MethodErrorsInJson(Freedom):
    """405 has JSON for a body."""

    @override
    def undeclared(self, method: str) -> Reply:
        content = as_json({"message": f"{method} is not allowed"})
        return replace(super().undeclared(method), content=content, media_type="application/json")


class LimitedRate(Freedom):
    """Every 500th request is told to come again in a second."""

    @override
    async def handle(self, call: Call) -> Reply:
        self.notes["seen",] = self.notes.get(("seen",), 0) + 1
        if self.notes["seen",] % 500:
            return await super().handle(call)
        reply = self.refusal(call, 429, "too_many_requests", "Too many requests")
        return replace(reply, headers={**reply.headers, "retry-after": "1"})
