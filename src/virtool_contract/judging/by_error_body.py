"""Judges the body of an error: its message, its label, and that it gives nothing away."""

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property

from virtool_contract.documents import leaks, quotes
from virtool_contract.json_values import Json, NotJsonError, parse_once
from virtool_contract.judging.finding import Finding, Judging

BASE64 = re.compile(r"[\w+/-]{40,}", re.ASCII)


class ByErrorBody(Judging):
    """The body of an error against what is documented of it."""

    def error_body(self) -> Iterator[Finding]:
        """All there is to say of the body of an error."""
        yield from self.leak()
        yield from self.label()
        message = self.message()
        if message:
            said = message.rstrip(".").casefold() in self.text().casefold()
            yield (
                self.kept("message") if said else self.broken("message", f'"{message}" in the body')
            )

    def text(self) -> str:
        """The body as text, JSON escapes undone where it is JSON."""
        if isinstance(self.value, NotJsonError):
            return self.response.body.decode(errors="replace")
        return "\n".join(_strings(self.value))

    @cached_property
    def value(self) -> Json | NotJsonError:
        """The body as JSON, or what is wrong with it."""
        try:
            return parse_once(self.response.body)
        except NotJsonError as error:
            return error

    def message(self) -> str:
        """The documented message for this status, where the refusal is due for its reason."""
        for answer in self.due.operation.answers:
            if answer.message and answer.covers(self.status):
                reasons = set(self.due.reasons)
                return answer.message if reasons & (answer.reasons - {"unauthenticated"}) else ""
        return ""

    def label(self) -> Iterator[Finding]:
        """A body that is labelled JSON is JSON."""
        if not self.response.is_json or not self.response.body:
            return
        if isinstance(self.value, NotJsonError):
            yield self.broken("error-label", "JSON, as its media type says", str(self.value))
        else:
            yield self.kept("error-label")

    def leak(self) -> Iterator[Finding]:
        """A refusal for want of rights does not carry the document, nor its values anywhere."""
        if not set(self.due.reasons) & {"not-own", "unauthenticated"}:
            return
        text = self.response.body.decode(errors="replace")
        text = "\n".join([text, *(value for _, value in self.response.headers)])
        text = "\n".join([text, *_decoded(text)])
        reading = self.due.operation.id == "get"
        leaked = (
            leaks(self.value)
            or quotes(text, self.known.document or {})
            or (reading and isinstance(self.value, dict) and bool(self.value.get("results")))
        )
        yield self.broken("leak", "a refusal without the document") if leaked else self.kept("leak")


def _decoded(text: str) -> Iterator[str]:
    """What a text holds in base64 (RFC 4648), of either alphabet."""
    for token in BASE64.findall(text):
        even = token[: len(token) // 4 * 4]
        with suppress(ValueError):
            yield base64.b64decode(even, altchars=b"-_" if set(even) & set("-_") else None).decode()


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value
