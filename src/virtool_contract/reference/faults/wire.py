"""Headers and bytes that are not what they should be."""

import gzip
import json
from dataclasses import replace
from typing import ClassVar

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Call, Document, Reply, Sent
from virtool_contract.reference.wire import as_json, is_document


class _Wire(Fault):
    category = "wire"
    breaks: ClassVar[tuple[str, ...]] = ("json.well-formed",)


def is_finalized(document: Document) -> bool:
    """Tell the document of a finalized analysis: one that a suite need not read to begin."""
    return document.get("ready") is True


class DocumentsAsPlainText(_Wire):
    """Documents are labelled as plain text."""

    breaks = ("media-type",)

    @override
    def media_type_of(self, call: Call, reply: Reply) -> str | None:
        label = super().media_type_of(call, reply)
        return "text/plain; charset=utf-8" if is_document(reply) else label


class RemovedWithABody(_Wire):
    """The 204 of a removal has a body, which no reader expects."""

    breaks = ("remove.no-content",)

    @override
    def sent(self, call: Call, reply: Reply) -> Sent:
        sent = super().sent(call, reply)
        if sent.status != 204:
            return sent
        return replace(sent, body=b"null", headers={**sent.headers, "Content-Length": "4"})


class DocumentsUnlabelled(_Wire):
    """Documents have no media type."""

    breaks = ("media-type",)

    @override
    def media_type_of(self, call: Call, reply: Reply) -> str | None:
        return None if is_document(reply) else super().media_type_of(call, reply)


class FinalizeAnswerAsHtml(_Wire):
    """The answer to a finalize is labelled as HTML."""

    breaks = ("media-type",)

    @override
    def media_type_of(self, call: Call, reply: Reply) -> str | None:
        html = is_document(reply) and call.operation == "finalize"
        return "text/html" if html else super().media_type_of(call, reply)


class JsonlLabel(_Wire):
    """Documents are labelled as `application/jsonl`, which is something else."""

    breaks = ("media-type",)

    @override
    def media_type_of(self, call: Call, reply: Reply) -> str | None:
        label = super().media_type_of(call, reply)
        return "application/jsonl" if is_document(reply) else label


class DuplicateKeys(_Wire):
    """A document has its `workflow` twice."""

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        body = super().encoded(call, document)
        twice = as_json({"workflow": document.get("workflow")})
        return twice[:-1] + b"," + body[1:] if "workflow" in document else body


class NanInDocument(_Wire):
    """A document has an undocumented `score` that is NaN."""

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        body = super().encoded(call, document)
        return b'{"score":NaN,' + body[1:] if "workflow" in document else body


class InfinityInDocument(_Wire):
    """The document of a finalized analysis has an undocumented `elapsed` that is Infinity."""

    reach = "a sequence"

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        body = super().encoded(call, document)
        return b'{"elapsed":Infinity,' + body[1:] if is_finalized(document) else body


class ByteOrderMark(_Wire):
    """The document of a finalized analysis begins with a byte order mark."""

    reach = "a sequence"

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        body = super().encoded(call, document)
        return b"\xef\xbb\xbf" + body if is_finalized(document) else body


class Utf16Document(_Wire):
    """The document of a finalized analysis is in UTF-16."""

    reach = "a sequence"

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        body = super().encoded(call, document)
        return body.decode().encode("utf-16-le") if is_finalized(document) else body


class Latin1Document(_Wire):
    """The document of a finalized analysis is in Latin-1, sample name and all."""

    reach = "a value"

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        if not is_finalized(document):
            return super().encoded(call, document)
        text = json.dumps(document, ensure_ascii=False)
        return text.encode("latin-1", "backslashreplace")


class TrailingComma(_Wire):
    """The answer to a finalize has a comma before its last brace."""

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        body = super().encoded(call, document)
        return body[:-1] + b",}" if call.operation == "finalize" and "job" in document else body


class PythonLiteral(_Wire):
    """The answer to a finalize is a Python dictionary: single quotes, True and None."""

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        if call.operation == "finalize" and "job" in document:
            return ascii(document).encode()
        return super().encoded(call, document)


class GzipUnannounced(_Wire):
    """The answer to a finalize is compressed, and no header says so."""

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        body = super().encoded(call, document)
        return gzip.compress(body) if call.operation == "finalize" and "job" in document else body


class ControlCharactersRaw(_Wire):
    """Line ends in strings are sent as they are instead of escaped."""

    reach = "a value"

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        body = super().encoded(call, document)
        return body.replace(b"\\n", b"\n") if is_finalized(document) else body


class TwoDocuments(_Wire):
    """A read of a finalized analysis is its document twice over."""

    reach = "a sequence"

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        body = super().encoded(call, document)
        return body + b"\n" + body if is_finalized(document) and call.operation == "get" else body
