"""Faults that come out every so often, whichever analysis is asked for."""

from dataclasses import replace

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Call, Document, Reply


class _Intermittent(Fault):
    category = "intermittent"
    reach = "a sequence"


class EveryFifthReadFails(_Intermittent):
    """Every fifth read is answered with 500."""

    breaks = ("errors.no-server-error",)

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        if self.tally("fifth read") % 5 == 0:
            return self.refusal(call, 500, "internal_error", "Internal server error")
        return super().answer_to_get(call, analysis)


class EverySeventhReadWithoutUser(_Intermittent):
    """Every seventh read shows no `user`."""

    breaks = ("get.document",)

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        document = super().document_of_get(analysis)
        if self.tally("seventh read") % 7 == 0:
            del document["user"]
        return document


class EverySixthReadIsAnother(_Intermittent):
    """Every sixth read shows another analysis than the one asked for."""

    breaks = ("get.identity",)

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        others = [each for each in self.store.analyses.values() if each.id != analysis.id]
        shown = others[-1] if self.tally("sixth read") % 6 == 0 and others else analysis
        return super().answer_to_get(call, shown)


class EveryThirdFinalizeForgotten(_Intermittent):
    """Every third finalize is answered as if it had happened, and nothing is written."""

    breaks = ("finalize.ready",)

    @override
    async def write(self, analysis: Analysis) -> None:
        if self.tally("third finalize") % 3:
            await super().write(analysis)


class EveryThirdConflictAccepted(_Intermittent):
    """Every third finalize of finalized analyses is accepted."""

    breaks = ("finalize.once",)

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        barred = super().bars_finalize(call, analysis)
        return barred and self.tally("third conflict") % 3 != 0


class EveryThirdRemoveForgotten(_Intermittent):
    """Every third removal is answered with 204, and the analysis stays."""

    breaks = ("remove.gone",)

    @override
    async def erase(self, analysis: Analysis) -> None:
        if self.tally("third removal") % 3:
            await super().erase(analysis)


class EveryFourthAnonymousLetIn(_Intermittent):
    """Every fourth request with no or wrong credentials is let in."""

    breaks = ("access.credentials",)

    @override
    def check_credentials(self, call: Call) -> Reply | None:
        refusal = super().check_credentials(call)
        return None if refusal and self.tally("stranger") % 4 == 0 else refusal


class EveryFourthRefusalSilent(_Intermittent):
    """Every fourth refusal has no message."""

    breaks = ("errors.message",)

    @override
    def error_document(self, call: Call, name: str, message: str) -> Document:
        said = "" if self.tally("refusal") % 4 == 0 else message
        return super().error_document(call, name, said)


class EveryNinthReadUnlabelled(_Intermittent):
    """Every ninth document that is read is labelled as plain text."""

    breaks = ("media-type",)

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        reply = super().answer_to_get(call, analysis)
        odd = self.tally("ninth read") % 9 == 0
        return replace(reply, media_type="text/plain") if odd else reply
