"""Operations on one analysis that show on another."""

from dataclasses import replace

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Call, Document, Reply
from virtool_contract.reference.wire import as_json


class _CrossTalk(Fault):
    category = "cross-talk"
    reach = "a sequence"


class FinalizeTakesNeighbours(_CrossTalk):
    """A finalize also finalizes the analyses made just before and after."""

    breaks = ("isolation",)

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(analysis)
        for near in self.neighbours(analysis):
            self.store.put(replace(near, ready=True, results=analysis.results))


class RemoveTakesNeighbours(_CrossTalk):
    """A removal also removes the analyses made just before and after."""

    breaks = ("isolation",)

    @override
    async def erase(self, analysis: Analysis) -> None:
        for near in self.neighbours(analysis):
            self.store.erase(near.id)
        await super().erase(analysis)


class FinalizeRenamesSamples(_CrossTalk):
    """A finalize writes its sample's name to the analyses made just before and after."""

    breaks = ("isolation",)

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(analysis)
        for near in self.neighbours(analysis):
            sample = replace(near.sample, name=analysis.sample.name)
            self.store.put(replace(near, sample=sample))


class ResultsGoToNeighbour(_CrossTalk):
    """A finalize makes its analysis ready and gives the results to another."""

    breaks = ("finalize.results",)

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(replace(analysis, results={}))
        for near in self.neighbours(analysis)[-1:]:
            self.store.put(replace(near, results=analysis.results))


class LatestResultsForAll(_CrossTalk):
    """Every finalized analysis has the results of the latest finalize."""

    breaks = ("isolation",)

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(analysis)
        for other in list(self.store.analyses.values()):
            if other.ready:
                self.store.put(replace(other, results=analysis.results))


class ReadTakesNeighboursFiles(_CrossTalk):
    """A read of a finalized analysis takes the files of the analyses made just before and after."""

    breaks = ("isolation",)

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        for near in self.neighbours(analysis) if analysis.ready else []:
            self.store.put(replace(near, files=()))
        return super().answer_to_get(call, analysis)


class FinalizeAnswersPrevious(_CrossTalk):
    """The answer to a finalize shows the sample of the finalize before."""

    breaks = ("finalize.changes-nothing-else",)

    @override
    def document_of_finalize(self, analysis: Analysis) -> Document:
        document = super().document_of_finalize(analysis)
        previous = self.notes.get(("previous", "sample"), document["sample"])
        self.notes["previous", "sample"] = document["sample"]
        return document | {"sample": previous}


class RefusedRemoveTouchesNeighbours(_CrossTalk):
    """A refused removal raises the versions of the analyses made just before and after."""

    breaks = ("isolation",)

    @override
    def kept(self, call: Call) -> Reply:
        for near in self.neighbours(self.found(call)):
            self.store.put(replace(near, index_version=near.index_version + 1))
        return super().kept(call)


class FinalizeTakesSample(_CrossTalk):
    """A finalize also finalizes the other analyses of its sample."""

    breaks = ("isolation",)

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(analysis)
        for each in list(self.store.analyses.values()):
            if each.sample.id == analysis.sample.id and not each.ready:
                self.store.put(replace(each, ready=True, results=analysis.results))


class RemoveTakesSample(_CrossTalk):
    """A removal also removes the other analyses of its sample."""

    breaks = ("isolation",)

    @override
    async def erase(self, analysis: Analysis) -> None:
        await super().erase(analysis)
        for each in list(self.store.analyses.values()):
            if each.sample.id == analysis.sample.id:
                self.store.erase(each.id)


class LongResultsShared(_CrossTalk):
    """Long results are kept once if they are as long as others and begin as they do."""

    breaks = ("finalize.results",)

    @override
    def stored(self, results: Document) -> Document:
        raw = as_json(super().stored(results))
        if len(raw) <= 1024:
            return results
        kept: Document = self.notes.setdefault((str(len(raw)), raw[:1024].decode()), results)
        return kept


class ReadsShowTheLatestFinalized(_CrossTalk):
    """Once an analysis has been finalized, each read shows the one that was finalized last."""

    breaks = ("get.identity",)

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(analysis)
        self.notes["latest", "finalized"] = analysis

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        latest = self.notes.get(("latest", "finalized"), analysis)
        return super().answer_to_get(call, latest)


class RemoveTakesAll(_CrossTalk):
    """A removal removes every analysis, as a statement without its WHERE would."""

    breaks = ("isolation",)

    @override
    async def erase(self, analysis: Analysis) -> None:
        self.store.analyses.clear()
