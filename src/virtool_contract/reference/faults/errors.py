"""Refusals with the right status and the wrong body."""

import base64
import json
from dataclasses import replace

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Call, Document, Reply


class _ErrorBody(Fault):
    category = "error bodies"


class AbsentInOtherWords(_ErrorBody):
    """404 says that there is no such analysis, in words of its own."""

    breaks = ("errors.message",)

    @override
    def absent(self, call: Call) -> Reply:
        return self.refusal(call, 404, "no_such_analysis", "No such analysis")


class ForbiddenWithoutMessage(_ErrorBody):
    """403 has an empty object for a body."""

    breaks = ("errors.message",)

    @override
    def not_own(self, call: Call) -> Reply:
        return replace(super().not_own(call), content={})


class FinalizeConflictSaysRemove(_ErrorBody):
    """409 to a finalize has the message meant for a removal."""

    breaks = ("errors.message",)

    @override
    def already_finalized(self, call: Call) -> Reply:
        return self.kept(call)


class RemoveConflictSaysFinalize(_ErrorBody):
    """409 to a removal has the message meant for a finalize."""

    breaks = ("errors.message",)

    @override
    def kept(self, call: Call) -> Reply:
        return self.already_finalized(call)


class MessageTranslated(_ErrorBody):
    """403 says it in German."""

    breaks = ("errors.message",)

    @override
    def not_own(self, call: Call) -> Reply:
        return self.refusal(call, 403, "forbidden", "Unzureichende Rechte")


class PlainTextLabelledJson(_ErrorBody):
    """404 has plain text for a body and calls it JSON."""

    breaks = ("errors.media-type",)

    @override
    def absent(self, call: Call) -> Reply:
        return replace(super().absent(call), content=b"Not found")


class EmptyErrorLabelledJson(_ErrorBody):
    """409 to a finalize has an empty body and calls it JSON."""

    breaks = ("errors.message",)

    @override
    def already_finalized(self, call: Call) -> Reply:
        return replace(super().already_finalized(call), content=b"")


class ErrorJsonCut(_ErrorBody):
    """403 has JSON for a body that lacks its last brace."""

    breaks = ("errors.media-type",)

    @override
    def not_own(self, call: Call) -> Reply:
        reply = super().not_own(call)
        return replace(reply, content=self.body_of(call, reply)[:-1])


class ForbiddenLeaksDocument(_ErrorBody):
    """403 carries the document that the caller may not read."""

    breaks = ("access.no-leak",)

    @override
    def error_document(self, call: Call, name: str, message: str) -> Document:
        document, analysis = (
            super().error_document(call, name, message),
            self.find(call.analysis_id),
        )
        if name == "forbidden" and analysis is not None:
            return self.document_of_get(analysis) | document | {"id": analysis.id}
        return document


class UnauthorizedLeaksDocument(_ErrorBody):
    """401 carries the document in `detail`."""

    breaks = ("access.no-leak",)

    @override
    def error_document(self, call: Call, name: str, message: str) -> Document:
        document, analysis = (
            super().error_document(call, name, message),
            self.find(call.analysis_id),
        )
        if name == "unauthorized" and analysis is not None:
            return document | {"detail": self.document_of_get(analysis)}
        return document


class ForbiddenLeaksResults(_ErrorBody):
    """403 to another job's finalize of a finalized analysis carries the results."""

    breaks = ("access.no-leak",)
    reach = "a sequence"

    @override
    def not_own(self, call: Call) -> Reply:
        reply, analysis = super().not_own(call), self.find(call.analysis_id)
        if analysis is None or not analysis.ready or call.operation != "finalize":
            return reply
        leak = {"message": "Insufficient rights", "current": self.document_of_finalize(analysis)}
        return replace(reply, content=leak)


class ForbiddenLeaksInHeader(_ErrorBody):
    """403 carries the document in a header."""

    breaks = ("access.no-leak",)

    @override
    def not_own(self, call: Call) -> Reply:
        debug = json.dumps(self.document_of_get(self.found(call)))
        return replace(super().not_own(call), headers={"x-debug": debug})


class ForbiddenLeaksInBase64(_ErrorBody):
    """403 carries the document in base64."""

    breaks = ("access.no-leak",)

    @override
    def not_own(self, call: Call) -> Reply:
        document = json.dumps(self.document_of_get(self.found(call))).encode()
        leak = {"message": "Insufficient rights", "trace": base64.b64encode(document).decode()}
        return replace(super().not_own(call), content=leak)
