"""Races between requests for one analysis, in windows of about two milliseconds."""

import asyncio
from dataclasses import replace

from typing_extensions import override

from virtool_contract.reference.faults.racing import WINDOW, Racing
from virtool_contract.reference.values import Analysis, Call, Reply


class FinalizeRace(Racing):
    """Two finalizes at once both succeed."""

    breaks = ("finalize.atomic",)

    @override
    async def before_finalize(self, call: Call) -> None:
        await super().before_finalize(call)
        await asyncio.sleep(WINDOW)


class RemoveRace(Racing):
    """Two removals at once both succeed."""

    breaks = ("remove.atomic",)

    @override
    async def before_remove(self, call: Call) -> None:
        await super().before_remove(call)
        await asyncio.sleep(WINDOW)


class RemoveOvertakesFinalize(Racing):
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


class FinalizeRevives(Racing):
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


class ReadyBeforeResults(Racing):
    """For a moment, a read shows an analysis as ready with empty results."""

    breaks = ("finalize.atomic",)

    @override
    async def write(self, analysis: Analysis) -> None:
        self.store.put(replace(analysis, results={}))
        await asyncio.sleep(WINDOW)
        await super().write(analysis)


class GoneDuringFinalize(Racing):
    """For a moment during a finalize, a read does not find the analysis."""

    breaks = ("finalize.atomic",)

    @override
    async def write(self, analysis: Analysis) -> None:
        self.store.erase(analysis.id)
        await asyncio.sleep(WINDOW)
        await super().write(analysis)


class ConcurrentFinalizesBothRefused(Racing):
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


class ConcurrentFinalizeCrashes(Racing):
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


class ConcurrentResultsMixedUp(Racing):
    """Of two finalizes at once, one wins, with the results of the other."""

    breaks = ("finalize.atomic",)

    @override
    async def finalize(self, call: Call) -> Reply:
        if self.first_refusal(call, self.checks_of_finalize()) is not None:
            return await super().finalize(call)
        self.notes["body", call.analysis_id] = call.body
        await asyncio.sleep(WINDOW)
        return await super().finalize(replace(call, body=self.notes["body", call.analysis_id]))


class AnswerOfTheOtherFinalize(Racing):
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


class ReadDuringFinalizeCrashes(Racing):
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


class ReadDuringRemoveShowsNothing(Racing):
    """A read of an analysis that is removed while it is under way shows an empty object."""

    breaks = ("get.document",)

    @override
    async def get(self, call: Call) -> Reply:
        if self.first_refusal(call, self.checks_of_get()) is None:
            await asyncio.sleep(WINDOW)
            if self.find(call.analysis_id) is None:
                return Reply(status=200, content={})
        return await super().get(call)


class LostWhenRead(Racing):
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
