"""Races: windows of about two milliseconds between a check and the write that rests on it."""

import asyncio
from dataclasses import replace
from typing import Final

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Call, Job, Reply

WINDOW: Final = 0.002
"""Seconds."""


class _Concurrency(Fault):
    category = "concurrency"
    reach = "a race"


class FinalizeRace(_Concurrency):
    """Two finalizes at once both succeed."""

    breaks = ("finalize.atomic",)

    @override
    async def before_finalize(self, call: Call) -> None:
        await super().before_finalize(call)
        await asyncio.sleep(WINDOW)


class RemoveRace(_Concurrency):
    """Two removals at once both succeed."""

    breaks = ("remove.atomic",)

    @override
    async def before_remove(self, call: Call) -> None:
        await super().before_remove(call)
        await asyncio.sleep(WINDOW)


class RemoveOvertakesFinalize(_Concurrency):
    """A removal that began before a finalize takes the finalized analysis away."""

    breaks = ("remove.atomic",)

    @override
    async def remove(self, call: Call) -> Reply:
        analysis = self.find(call.analysis_id)
        pending = analysis is not None and not analysis.ready
        if pending and self.first_refusal(call, self.checks_of_remove()) is None:
            self.notes["being removed", call.analysis_id] = True
            await asyncio.sleep(WINDOW)
        return await super().remove(call)

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        begun = self.notes.pop(("being removed", analysis.id), False)
        return super().bars_remove(call, analysis) and not begun


class FinalizeRevives(_Concurrency):
    """A finalize that began before a removal brings the analysis back; never two finalizes."""

    breaks = ("finalize.atomic",)

    @override
    async def finalize(self, call: Call) -> Reply:
        before = self.find(call.analysis_id)
        if before is not None and self.first_refusal(call, self.checks_of_finalize()) is None:
            await asyncio.sleep(WINDOW)
            if self.find(call.analysis_id) is None:
                self.store.put(before)
        return await super().finalize(call)


class ReadyBeforeResults(_Concurrency):
    """For a moment, a read shows an analysis as ready with empty results."""

    breaks = ("finalize.atomic",)

    @override
    async def write(self, analysis: Analysis) -> None:
        self.store.put(replace(analysis, results={}))
        await asyncio.sleep(WINDOW)
        await super().write(analysis)


class GoneDuringFinalize(_Concurrency):
    """For a moment during a finalize, a read does not find the analysis."""

    breaks = ("finalize.atomic",)

    @override
    async def write(self, analysis: Analysis) -> None:
        self.store.erase(analysis.id)
        await asyncio.sleep(WINDOW)
        await super().write(analysis)


class ConcurrentFinalizesBothRefused(_Concurrency):
    """Of two finalizes at once, each is refused because of the other, and none happens."""

    breaks = ("finalize.atomic",)

    @override
    async def finalize(self, call: Call) -> Reply:
        if self.first_refusal(call, self.checks_of_finalize()) is not None:
            return await super().finalize(call)
        key = ("in flight", call.analysis_id)
        self.tally(*key)
        await asyncio.sleep(WINDOW)
        asyncio.get_running_loop().call_later(WINDOW, self.tallies.pop, key, None)
        if self.tallies[key] > 1:
            return self.already_finalized(call)
        return await super().finalize(call)


class ConcurrentFinalizeCrashes(_Concurrency):
    """A finalize that comes while another is under way is answered with 500."""

    breaks = ("errors.no-server-error",)

    @override
    async def finalize(self, call: Call) -> Reply:
        key = ("under way", call.analysis_id)
        if self.tally(*key) > 1:
            self.tallies[key] -= 1
            return self.refusal(call, 500, "deadlock", "Could not serialize access")
        await asyncio.sleep(WINDOW)
        self.tallies[key] -= 1
        return await super().finalize(call)


class ConcurrentResultsMixedUp(_Concurrency):
    """Of two finalizes at once, one wins, with the results of the other."""

    breaks = ("finalize.atomic",)

    @override
    async def finalize(self, call: Call) -> Reply:
        if self.first_refusal(call, self.checks_of_finalize()) is not None:
            return await super().finalize(call)
        self.notes["body", call.analysis_id] = call.body
        await asyncio.sleep(WINDOW)
        return await super().finalize(replace(call, body=self.notes["body", call.analysis_id]))


class AnswerOfTheOtherFinalize(_Concurrency):
    """Of two finalizes at once, the loser is told that it succeeded; its results are lost."""

    breaks = ("finalize.atomic",)

    @override
    async def finalize(self, call: Call) -> Reply:
        if self.first_refusal(call, self.checks_of_finalize()) is not None:
            return await super().finalize(call)
        would_be = self.finalized(self.found(call), self.members(call.body))
        await asyncio.sleep(WINDOW)
        reply = await super().finalize(call)
        return self.answer_to_finalize(call, would_be) if reply.status == 409 else reply


class ReadDuringFinalizeCrashes(_Concurrency):
    """A read that comes while a finalize is under way is answered with 500."""

    breaks = ("errors.no-server-error",)

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(analysis)
        self.notes["locked", analysis.id] = True
        await asyncio.sleep(WINDOW)
        self.notes.pop(("locked", analysis.id), None)

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        if ("locked", analysis.id) in self.notes:
            return self.refusal(call, 500, "locked", "The row is locked")
        return super().answer_to_get(call, analysis)


class ReadsShareACaller(_Concurrency):
    """A read that comes while the owner's is under way is answered like that."""

    breaks = ("get.own-only",)

    @override
    async def get(self, call: Call) -> Reply:
        key = ("owner", call.analysis_id)
        if self.first_refusal(call, self.checks_of_get()) is None:
            self.notes[key] = call.credentials
            await asyncio.sleep(WINDOW)
            self.notes.pop(key, None)
        return await super().get(replace(call, credentials=self.notes.get(key, call.credentials)))


class AnonymousSharesACaller(_Concurrency):
    """A read without credentials that comes while the owner's is under way passes for that."""

    breaks = ("access.credentials",)

    @override
    async def get(self, call: Call) -> Reply:
        key = ("owner", call.analysis_id)
        if self.first_refusal(call, self.checks_of_get()) is None:
            self.notes[key] = call.credentials
            await asyncio.sleep(WINDOW)
            self.notes.pop(key, None)
        elif call.credentials is None:
            return await super().get(replace(call, credentials=self.notes.get(key)))
        return await super().get(call)


class FinalizeLetsOthersRemove(_Concurrency):
    """While an analysis is being finalized, any job may remove it."""

    breaks = ("finalize.atomic",)

    @override
    async def before_finalize(self, call: Call) -> None:
        await super().before_finalize(call)
        self.notes["under way", call.analysis_id] = True
        await asyncio.sleep(WINDOW)
        self.notes.pop(("under way", call.analysis_id), None)

    @override
    def may_remove(self, job: Job, analysis: Analysis) -> bool:
        return super().may_remove(job, analysis) or ("under way", analysis.id) in self.notes


class LostWhenRead(_Concurrency):
    """A finalize that is read while it is under way is acknowledged, and lost."""

    breaks = ("finalize.atomic",)

    @override
    async def write(self, analysis: Analysis) -> None:
        self.notes["under way", analysis.id] = False
        await asyncio.sleep(WINDOW)
        if not self.notes.pop(("under way", analysis.id), False):
            await super().write(analysis)

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        if ("under way", analysis.id) in self.notes:
            self.notes["under way", analysis.id] = True
        return super().answer_to_get(call, analysis)


class ReadsMixedUp(_Concurrency):
    """Of several reads at once, each shows the analysis that was asked for last."""

    breaks = ("get.identity",)

    @override
    async def get(self, call: Call) -> Reply:
        if self.first_refusal(call, self.checks_of_get()) is not None:
            return await super().get(call)
        self.notes["latest",] = self.found(call)
        await asyncio.sleep(WINDOW)
        return self.answer_to_get(call, self.notes["latest",])


class ReadShowsWhatIsBeingRemoved(_Concurrency):
    """A read that comes while another analysis is being removed shows that one."""

    breaks = ("get.identity",)

    @override
    async def remove(self, call: Call) -> Reply:
        analysis = self.find(call.analysis_id)
        reply = await super().remove(call)
        if reply.status == 204 and analysis is not None:
            self.notes["being removed",] = analysis
            await asyncio.sleep(WINDOW)
            self.notes.pop(("being removed",), None)
        return reply

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        return super().answer_to_get(call, self.notes.get(("being removed",), analysis))


class RemoveUndoesFinalizes(_Concurrency):
    """What other analyses are finalized with while one is being removed is lost."""

    breaks = ("finalize.atomic",)

    @override
    async def erase(self, analysis: Analysis) -> None:
        await super().erase(analysis)
        before = dict(self.store.analyses)
        await asyncio.sleep(WINDOW)
        for each in before.values():
            if self.find(each.id) is not None:
                self.store.put(each)


class RemovesMixedUp(_Concurrency):
    """Of removals of several analyses at once, only one happens."""

    breaks = ("remove.atomic",)

    @override
    async def erase(self, analysis: Analysis) -> None:
        self.store.erase(analysis.id)
        self.notes["latest",] = analysis
        await asyncio.sleep(WINDOW)
        if self.notes["latest",].id != analysis.id:
            self.store.put(analysis)
