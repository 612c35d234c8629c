"""What is said is not what is kept."""

from dataclasses import replace

from typing_extensions import override

from virtool_contract.reference.bodies import BodyError
from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Call, Document, Reply
from virtool_contract.reference.wire import as_json


class _Persistence(Fault):
    category = "persistence"


def is_long(analysis: Analysis) -> bool:
    """Whether an analysis has more results than some would keep beside it."""
    return len(as_json(analysis.results or {})) > 100_000


class FinalizeForgotten(_Persistence):
    """A finalize is answered as if it had happened, and nothing is written."""

    breaks = ("finalize.ready",)
    reach = "a sequence"

    @override
    async def write(self, analysis: Analysis) -> None:
        """Write nothing."""


class ResultsForgotten(_Persistence):
    """A finalize makes the analysis ready and keeps an empty object for results."""

    breaks = ("finalize.results",)
    reach = "a sequence"

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(replace(analysis, results={}))


class ReadyForgotten(_Persistence):
    """A finalize keeps the results of an analysis that stays pending."""

    breaks = ("finalize.ready",)
    reach = "a sequence"

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(replace(analysis, ready=False))


class ResultsNestedInStore(_Persistence):
    """Reads show the results inside another `results`; the answer to the finalize does not."""

    breaks = ("finalize.results",)
    reach = "a sequence"

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(replace(analysis, results={"results": analysis.results}))


class OldResultsEvicted(_Persistence):
    """Only the analyses finalized last, sixteen of them, keep their results."""

    breaks = ("finalize.results",)
    reach = "a sequence"

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(analysis)
        others = self.notes.setdefault(("finalized",), [])
        others.append(analysis.id)
        for old in others[:-16]:
            if old in self.store.analyses:
                self.store.put(replace(self.store.analyses[old], results={}))


class RemoveForgotten(_Persistence):
    """A removal is answered with 204, and the analysis stays."""

    breaks = ("remove.gone",)
    reach = "a sequence"

    @override
    async def erase(self, analysis: Analysis) -> None:
        """Erase nothing."""


class RemovedStaysFinalizable(_Persistence):
    """A removed analysis cannot be read, but its finalize succeeds."""

    breaks = ("remove.gone",)
    reach = "a sequence"

    @override
    async def erase(self, analysis: Analysis) -> None:
        self.notes["removed", analysis.id] = analysis
        await super().erase(analysis)

    @override
    async def finalize(self, call: Call) -> Reply:
        ghost = self.notes.get(("removed", call.analysis_id))
        refusal = self.check_body(call) or self.check_credentials(call)
        if ghost is None or refusal is not None:
            return await super().finalize(call)
        return self.answer_to_finalize(call, self.finalized(ghost, self.members(call.body)))


class RemovedStaysRemovable(_Persistence):
    """A second removal of the same analysis is answered with 204 as well."""

    breaks = ("remove.gone",)
    reach = "a sequence"

    @override
    def absent(self, call: Call) -> Reply:
        job = self.caller(call)
        again = call.operation == "remove" and job and job.analysis_id == call.analysis_id
        return Reply(status=204) if again else super().absent(call)


class RefusedRemoveErasesResults(_Persistence):
    """A removal of a finalized analysis is refused, and yet empties its results."""

    breaks = ("remove.finalized-stays",)
    reach = "a sequence"

    @override
    def kept(self, call: Call) -> Reply:
        self.store.put(replace(self.found(call), results={}))
        return super().kept(call)


class FinalizedRemovable(_Persistence):
    """A finalized analysis can be removed."""

    breaks = ("remove.finalized-stays",)

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        return False


class RemoveHalfImplemented(_Persistence):
    """Removal is answered with 405 for a pending analysis, and removes a finalized one."""

    breaks = ("remove.harmless",)
    reach = "a sequence"

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        return not analysis.ready

    @override
    def kept(self, call: Call) -> Reply:
        return self.refusal(call, 405, "not_implemented", "Removal is not implemented")


class RefusedFinalizeOverwrites(_Persistence):
    """A second finalize is refused, and yet its results replace the first."""

    breaks = ("finalize.keeps-first-results",)
    reach = "a sequence"

    @override
    def already_finalized(self, call: Call) -> Reply:
        self.store.put(self.finalized(self.found(call), self.members(call.body)))
        return super().already_finalized(call)


class RefusedFinalizeMerges(_Persistence):
    """A second finalize is refused, and yet adds its new members to the results."""

    breaks = ("finalize.keeps-first-results",)
    reach = "a sequence"

    @override
    def already_finalized(self, call: Call) -> Reply:
        analysis, late = self.found(call), self.results_in(self.members(call.body))
        self.store.put(replace(analysis, results=late | (analysis.results or {})))
        return super().already_finalized(call)


class InvalidBodyFinalizes(_Persistence):
    """A finalize with a bad body is refused, and yet makes the analysis ready."""

    breaks = ("finalize.results-required",)
    reach = "a sequence"

    @override
    def bad_body(self, call: Call, error: BodyError) -> Reply:
        self.store.put(replace(self.found(call), ready=True, results={}))
        return super().bad_body(call, error)


class NonObjectResultsFinalize(_Persistence):
    """A finalize whose `results` are no object is refused, and yet makes the analysis ready."""

    breaks = ("finalize.results-object",)
    reach = "a sequence"

    @override
    def acceptable(self, results: object) -> Document:
        self.notes["poison", "last"] = not isinstance(results, dict)
        return super().acceptable(results)

    @override
    def bad_body(self, call: Call, error: BodyError) -> Reply:
        if self.notes.pop(("poison", "last"), False):
            self.store.put(replace(self.found(call), ready=True, results={}))
        return super().bad_body(call, error)


class ForbiddenFinalizeHappens(_Persistence):
    """A finalize by another job is refused with 403, and yet happens."""

    breaks = ("finalize.own-only",)
    reach = "a sequence"

    @override
    def not_own(self, call: Call) -> Reply:
        if call.operation == "finalize" and self.check_body(call) is None:
            self.store.put(self.finalized(self.found(call), self.members(call.body)))
        return super().not_own(call)


class ForbiddenRemoveHappens(_Persistence):
    """A removal by another job is refused with 403, and yet happens."""

    breaks = ("remove.own-only",)
    reach = "a sequence"

    @override
    def not_own(self, call: Call) -> Reply:
        if call.operation == "remove":
            self.store.erase(call.analysis_id)
        return super().not_own(call)


class UnauthorizedFinalizeHappens(_Persistence):
    """A finalize without credentials is refused with 401, and yet happens."""

    breaks = ("access.credentials",)
    reach = "a sequence"

    @override
    def unauthenticated(self, call: Call) -> Reply:
        analysis = self.find(call.analysis_id)
        if analysis and call.operation == "finalize" and self.check_body(call) is None:
            self.store.put(self.finalized(analysis, self.members(call.body)))
        return super().unauthenticated(call)


class ReadEatsFiles(_Persistence):
    """A read takes away the files it has shown."""

    breaks = ("get.safe",)
    reach = "a sequence"

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        self.store.put(replace(analysis, files=()))
        return super().answer_to_get(call, analysis)


class ReadBumpsVersion(_Persistence):
    """Each read of a finalized analysis raises its index's version."""

    breaks = ("get.safe",)
    reach = "a sequence"

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        if analysis.ready:
            self.store.put(replace(analysis, index_version=analysis.index_version + 1))
        return super().answer_to_get(call, analysis)


class LongResultsShownOnce(_Persistence):
    """Results of more than 100,000 bytes are gone once they have been read."""

    breaks = ("get.safe",)
    reach = "a sequence"

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        again = is_long(analysis) and self.tally(analysis.id) > 1
        return super().document_of_get(replace(analysis, results={}) if again else analysis)


class LongResultsRemovable(_Persistence):
    """An analysis that was finalized with more than 100,000 bytes can be removed."""

    breaks = ("remove.finalized-stays",)
    reach = "a sequence"

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        return super().bars_remove(call, analysis) and not is_long(analysis)


class LongResultsReplaceable(_Persistence):
    """An analysis that was finalized with more than 100,000 bytes can be finalized again."""

    breaks = ("finalize.once",)
    reach = "a sequence"

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        return super().bars_finalize(call, analysis) and not is_long(analysis)
