"""Bodies that are misread, or refused, for the way in which their JSON is spelled."""

import re
from typing import Final

from typing_extensions import override

from virtool_contract.reference.bodies import BodyError
from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Document

ESCAPED_LETTER: Final = re.compile(r"(?<!\\)\\u(?!00[01])")
"""The beginning of an escape that is none of a control character."""


class _Spelling(Fault):
    breaks = ("finalize.freeform",)
    reach = "a value"


class EscapesKept(_Spelling):
    """Characters that a body has as escapes are kept as those escapes."""

    category = "fidelity"

    @override
    def text_of(self, body: bytes) -> str:
        return ESCAPED_LETTER.sub(r"\\\\u", super().text_of(body))


class WhiteSpaceInFrontRefused(_Spelling):
    """A body with white space before its first brace is refused."""

    category = "validation"

    @override
    def text_of(self, body: bytes) -> str:
        text = super().text_of(body)
        if text[:1].isspace():
            raise BodyError(400, "The body must be a JSON object")
        return text


class EscapedNameUnknown(_Spelling):
    """`results` is not known by its name where that is spelled with escapes."""

    category = "validation"

    @override
    def members(self, body: bytes) -> Document:
        members = super().members(body)
        return members if b'"results"' in body else {}
