"""Faults in what is done to an analysis before its job has read it for the first time."""

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Call, Job, Reply


class _Unread(Fault):
    category = "sequences"
    reach = "a sequence"

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        job = self.caller(call)
        if job is not None and self.owns(job, analysis):
            self.notes["read by its job", analysis.id] = True
        return super().answer_to_get(call, analysis)

    def is_unread(self, analysis: Analysis) -> bool:
        """Tell whether the job that runs the analysis has not read it yet."""
        return ("read by its job", analysis.id) not in self.notes


class UnreadNotFinalizable(_Unread):
    """An analysis that its job has not read yet is refused as if it were finalized already."""

    breaks = ("finalize.answer",)

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        return super().bars_finalize(call, analysis) or self.is_unread(analysis)


class UnreadNotRemovable(_Unread):
    """An analysis that its job has not read yet cannot be removed."""

    breaks = ("remove.pending",)

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        return super().bars_remove(call, analysis) or self.is_unread(analysis)


class UnreadOpenToOthers(_Unread):
    """Any job may read an analysis until its own has done so."""

    breaks = ("get.own-only",)

    @override
    def may_get(self, job: Job, analysis: Analysis) -> bool:
        return super().may_get(job, analysis) or self.is_unread(analysis)


class UnreadFinalizableByOthers(_Unread):
    """Any job may finalize an analysis until its own has read it."""

    breaks = ("finalize.own-only",)

    @override
    def may_finalize(self, job: Job, analysis: Analysis) -> bool:
        return super().may_finalize(job, analysis) or self.is_unread(analysis)


class UnreadRemovableByOthers(_Unread):
    """Any job may remove an analysis until its own has read it."""

    breaks = ("remove.own-only",)

    @override
    def may_remove(self, job: Job, analysis: Analysis) -> bool:
        return super().may_remove(job, analysis) or self.is_unread(analysis)
