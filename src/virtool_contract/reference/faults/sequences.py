"""Faults that come out only after something else has happened."""

from dataclasses import replace

from typing_extensions import override

from virtool_contract.reference.bodies import BodyError
from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Call, Document, Job, Reply


class _Sequence(Fault):
    category = "sequences"
    reach = "a sequence"


class ThirdFinalizeAccepted(_Sequence):
    """The second finalize of an analysis is refused, the third accepted."""

    breaks = ("finalize.once",)

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        barred = super().bars_finalize(call, analysis)
        return barred and self.tally("late finalize", analysis.id) % 2 == 1


class SameResultsAccepted(_Sequence):
    """A finalize with the results an analysis already has is accepted."""

    breaks = ("finalize.once",)

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        same = self.members(call.body).get("results") == analysis.results
        return super().bars_finalize(call, analysis) and not same


class FinalizeAfterRefusedRemove(_Sequence):
    """After a refused removal, a finalized analysis can be finalized again."""

    breaks = ("finalize.once",)

    @override
    def kept(self, call: Call) -> Reply:
        self.notes["remove refused", call.analysis_id] = True
        return super().kept(call)

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        reopened = self.notes.get(("remove refused", analysis.id), False)
        return super().bars_finalize(call, analysis) and not reopened


class RemoveAfterRefusedFinalize(_Sequence):
    """After a refused finalize, a finalized analysis can be removed."""

    breaks = ("remove.finalized-stays",)

    @override
    def already_finalized(self, call: Call) -> Reply:
        self.notes["finalize refused", call.analysis_id] = True
        return super().already_finalized(call)

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        reopened = self.notes.get(("finalize refused", analysis.id), False)
        return super().bars_remove(call, analysis) and not reopened


class SecondRemoveOfFinalizedAccepted(_Sequence):
    """A finalized analysis is removed by the second attempt."""

    breaks = ("remove.finalized-stays",)

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        barred = super().bars_remove(call, analysis)
        return barred and self.tally("late remove", analysis.id) < 2


class EmptyResultsRemovable(_Sequence):
    """An analysis that was finalized with an empty object can be removed."""

    breaks = ("remove.finalized-stays",)

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        return super().bars_remove(call, analysis) and bool(analysis.results)


class ThirdReadDiffers(_Sequence):
    """From the third read on, an analysis has another workflow."""

    breaks = ("get.safe",)

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        if self.tally("read", analysis.id) > 2:
            analysis = replace(analysis, workflow="nuvs" if analysis.workflow != "nuvs" else "aodp")
        return super().answer_to_get(call, analysis)


class FourthReadIs404(_Sequence):
    """The fourth read of an analysis does not find it; the fifth does."""

    breaks = ("get.document",)

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        if self.tally("fourth read", analysis.id) == 4:
            return self.absent(call)
        return super().answer_to_get(call, analysis)


class AnonymousRemoveBarsFinalize(_Sequence):
    """After a removal without credentials, which is refused, an analysis cannot be finalized."""

    breaks = ("finalize.answer",)

    @override
    def unauthenticated(self, call: Call) -> Reply:
        if call.operation == "remove":
            self.notes["marked", call.analysis_id] = True
        return super().unauthenticated(call)

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        marked = self.notes.get(("marked", analysis.id), False)
        return super().bars_finalize(call, analysis) or marked


class FirstReadAfterFinalizeIsStale(_Sequence):
    """The first read after a finalize shows the analysis as it was before."""

    breaks = ("finalize.ready",)

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        if analysis.ready and self.tally("read of finalized", analysis.id) == 1:
            analysis = replace(analysis, ready=False, results=None)
        return super().answer_to_get(call, analysis)


class FirstReadAfterRemoveIsStale(_Sequence):
    """The first read after a removal shows the analysis as it was before."""

    breaks = ("remove.gone",)

    @override
    async def erase(self, analysis: Analysis) -> None:
        self.notes["just removed", analysis.id] = analysis
        await super().erase(analysis)

    @override
    async def get(self, call: Call) -> Reply:
        ghost = self.notes.get(("just removed", call.analysis_id))
        if ghost is None or self.check_credentials(call):
            return await super().get(call)
        del self.notes["just removed", call.analysis_id]
        return self.answer_to_get(call, ghost)


class RemovedComesBack(_Sequence):
    """The third request after a removal finds the analysis again."""

    breaks = ("remove.gone",)

    @override
    async def erase(self, analysis: Analysis) -> None:
        self.notes["removed for now", analysis.id] = analysis
        await super().erase(analysis)

    @override
    def absent(self, call: Call) -> Reply:
        ghost = self.notes.get(("removed for now", call.analysis_id))
        if ghost is not None and self.tally("asked for", ghost.id) == 2:
            self.store.put(ghost)
        return super().absent(call)


class SecondRemoveCrashes(_Sequence):
    """A removal of an analysis that its owner has removed is answered with 500."""

    breaks = ("errors.no-server-error",)

    @override
    def absent(self, call: Call) -> Reply:
        reply, job = super().absent(call), self.caller(call)
        again = call.operation == "remove" and job and job.analysis_id == call.analysis_id
        return replace(reply, status=500) if again else reply


class InvalidBodyWedges(_Sequence):
    """After a finalize with a bad body, a good one is refused: there is a result already."""

    breaks = ("finalize.answer",)

    @override
    def bad_body(self, call: Call, error: BodyError) -> Reply:
        self.notes["wedged", call.analysis_id] = True
        return super().bad_body(call, error)

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        wedged = self.notes.get(("wedged", analysis.id), False)
        return super().bars_finalize(call, analysis) or wedged


class TenthInvalidBodyWedges(_Sequence):
    """After ten finalizes with a bad body, a good one is refused: there is a result already."""

    breaks = ("finalize.answer",)

    @override
    def bad_body(self, call: Call, error: BodyError) -> Reply:
        self.tally("bad", call.analysis_id)
        return super().bad_body(call, error)

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        wedged = self.tallies["bad", analysis.id] >= 10
        return super().bars_finalize(call, analysis) or wedged


class ThirdAttemptToReadLetIn(_Sequence):
    """A job that may not read an analysis may do so the third time it tries."""

    breaks = ("get.own-only",)

    @override
    def may_get(self, job: Job, analysis: Analysis) -> bool:
        owner = super().may_get(job, analysis)
        return owner or self.tally("intruder", job.id, analysis.id) > 2


class UpdatedByRefusals(_Sequence):
    """Each write that is refused for want of rights changes the sample's name."""

    breaks = ("finalize.own-only",)

    @override
    def not_own(self, call: Call) -> Reply:
        if call.operation == "get":
            return super().not_own(call)
        analysis = self.found(call)
        sample = replace(analysis.sample, name=f"{analysis.sample.name}!")
        self.store.put(replace(analysis, sample=sample))
        return super().not_own(call)


class UpdatedByRefusedReads(_Sequence):
    """Each read that is refused for want of rights changes the sample's name."""

    breaks = ("get.safe",)

    @override
    def not_own(self, call: Call) -> Reply:
        if call.operation == "get":
            analysis = self.found(call)
            sample = replace(analysis.sample, name=f"{analysis.sample.name}!")
            self.store.put(replace(analysis, sample=sample))
        return super().not_own(call)


class SecondRefusalForgetsResults(_Sequence):
    """The second refused finalize of an analysis empties its results."""

    breaks = ("finalize.keeps-first-results",)

    @override
    def already_finalized(self, call: Call) -> Reply:
        if self.tally("refused finalize", call.analysis_id) == 2:
            self.store.put(replace(self.found(call), results={}))
        return super().already_finalized(call)


class ResultsPileUp(_Sequence):
    """Results of a finalize include those of the finalize before, of whatever analysis."""

    breaks = ("finalize.results",)

    @override
    def stored(self, results: Document) -> Document:
        piled: Document = self.notes.get(("pile", "up"), {}) | super().stored(results)
        self.notes["pile", "up"] = results
        return piled


class SameLongResultsRefused(_Sequence):
    """Long results that another analysis has already are refused as a duplicate."""

    breaks = ("finalize.answer",)

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        owner = self.notes.setdefault(("first with", call.body.hex()), analysis.id)
        copied = len(call.body) > 1000 and owner != analysis.id
        return super().bars_finalize(call, analysis) or copied
