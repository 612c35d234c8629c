"""Races that mix up analyses, or those who call."""

import asyncio
from dataclasses import replace

from typing_extensions import override

from virtool_contract.reference.faults.racing import WINDOW, Racing
from virtool_contract.reference.values import Analysis, Call, Job, Reply


class _SharingACaller(Racing):
    @override
    async def get(self, call: Call) -> Reply:
        key = ("owner", call.analysis_id)
        if self.first_refusal(call, self.checks_of_get()) is None:
            self.notes[key] = call.credentials
            await asyncio.sleep(WINDOW)
            self.notes.pop(key, None)
        elif self.shares(call):
            call = replace(call, credentials=self.notes.get(key, call.credentials))
        return await super().get(call)

    def shares(self, _call: Call) -> bool:
        """Tell whether a read that is to be refused passes for the owner's that is under way."""
        return False


class ReadsShareACaller(_SharingACaller):
    """A read that comes while the owner's is under way is answered like that."""

    breaks = ("get.own-only",)

    @override
    def shares(self, call: Call) -> bool:
        return True


class AnonymousSharesACaller(_SharingACaller):
    """A read without credentials that comes while the owner's is under way passes for that."""

    breaks = ("access.credentials",)

    @override
    def shares(self, call: Call) -> bool:
        return call.credentials is None or super().shares(call)


class FinalizeLetsOthersRemove(Racing):
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


class ReadsMixedUp(Racing):
    """Of several reads at once, each shows the analysis that was asked for last."""

    breaks = ("get.identity",)

    @override
    async def get(self, call: Call) -> Reply:
        if self.first_refusal(call, self.checks_of_get()) is not None:
            return await super().get(call)
        self.notes["latest",] = self.found(call)
        await asyncio.sleep(WINDOW)
        return self.answer_to_get(call, self.notes["latest",])


class ReadShowsWhatIsBeingRemoved(Racing):
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


class RemoveUndoesFinalizes(Racing):
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


class RemovesMixedUp(Racing):
    """Of removals of several analyses at once, only one happens."""

    breaks = ("remove.atomic",)

    @override
    async def erase(self, analysis: Analysis) -> None:
        self.store.erase(analysis.id)
        self.notes["latest",] = analysis
        await asyncio.sleep(WINDOW)
        if self.notes["latest",].id != analysis.id:
            self.store.put(analysis)
