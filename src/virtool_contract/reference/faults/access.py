"""Callers who are let in, or kept out, against the rules."""

from typing import Final

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Call, Job, Reply

LONG: Final = 64 * 2**10
"""Bytes."""


class _Access(Fault):
    category = "access"


class AnonymousReads(_Access):
    """Reads need no credentials."""

    breaks = ("access.credentials",)

    @override
    def check_credentials(self, call: Call) -> Reply | None:
        return None if call.operation == "get" else super().check_credentials(call)


class AnonymousFinalizes(_Access):
    """A finalize needs no credentials."""

    breaks = ("access.credentials",)

    @override
    def check_credentials(self, call: Call) -> Reply | None:
        return None if call.operation == "finalize" else super().check_credentials(call)


class AnonymousRemoves(_Access):
    """A removal needs no credentials."""

    breaks = ("access.credentials",)

    @override
    def check_credentials(self, call: Call) -> Reply | None:
        return None if call.operation == "remove" else super().check_credentials(call)


class AnonymousReadsFinalized(_Access):
    """Reads of a finalized analysis need no credentials."""

    breaks = ("access.credentials",)
    reach = "a sequence"

    @override
    def check_credentials(self, call: Call) -> Reply | None:
        analysis = self.find(call.analysis_id)
        public = call.operation == "get" and analysis is not None and analysis.ready
        return None if public else super().check_credentials(call)


class OtherJobReads(_Access):
    """A job may read any analysis if it runs one."""

    breaks = ("get.own-only",)

    @override
    def may_get(self, job: Job, analysis: Analysis) -> bool:
        return super().may_get(job, analysis) or job.analysis_id is not None


class SameSampleReads(_Access):
    """A job may read the other analyses of the sample that it works on."""

    breaks = ("get.own-only",)
    reach = "a sequence"

    @override
    def may_get(self, job: Job, analysis: Analysis) -> bool:
        own = self.find(job.analysis_id) if job.analysis_id else None
        same = own is not None and own.sample.id == analysis.sample.id
        return super().may_get(job, analysis) or same


class SameSampleFinalizes(_Access):
    """A job may finalize the other analyses of the sample that it works on."""

    breaks = ("finalize.own-only",)
    reach = "a sequence"

    @override
    def may_finalize(self, job: Job, analysis: Analysis) -> bool:
        own = self.find(job.analysis_id) if job.analysis_id else None
        same = own is not None and own.sample.id == analysis.sample.id
        return super().may_finalize(job, analysis) or same


class IdleJobReads(_Access):
    """A job that runs no analysis may read any."""

    breaks = ("get.analysis-jobs-only",)

    @override
    def may_get(self, job: Job, analysis: Analysis) -> bool:
        return super().may_get(job, analysis) or job.analysis_id is None


class OtherJobFinalizes(_Access):
    """A job may finalize any analysis if it runs one."""

    breaks = ("finalize.own-only",)

    @override
    def may_finalize(self, job: Job, analysis: Analysis) -> bool:
        return super().may_finalize(job, analysis) or job.analysis_id is not None


class IdleJobFinalizes(_Access):
    """A job that runs no analysis may finalize any."""

    breaks = ("finalize.own-only",)

    @override
    def may_finalize(self, job: Job, analysis: Analysis) -> bool:
        return super().may_finalize(job, analysis) or job.analysis_id is None


class OtherJobRemoves(_Access):
    """A job may remove any analysis if it runs one."""

    breaks = ("remove.own-only",)

    @override
    def may_remove(self, job: Job, analysis: Analysis) -> bool:
        return super().may_remove(job, analysis) or job.analysis_id is not None


class IdleJobRemoves(_Access):
    """A job that runs no analysis may remove any."""

    breaks = ("remove.own-only",)

    @override
    def may_remove(self, job: Job, analysis: Analysis) -> bool:
        return super().may_remove(job, analysis) or job.analysis_id is None


class FinalizedIsPublic(_Access):
    """Any job may read a finalized analysis."""

    breaks = ("get.own-only",)
    reach = "a sequence"

    @override
    def may_get(self, job: Job, analysis: Analysis) -> bool:
        return super().may_get(job, analysis) or analysis.ready


class OwnerShutOutOnceFinalized(_Access):
    """The owner may no longer read its analysis once it is finalized."""

    breaks = ("get.document",)
    reach = "a sequence"

    @override
    def may_get(self, job: Job, analysis: Analysis) -> bool:
        return super().may_get(job, analysis) and not analysis.ready


class OtherJobLearnsFinalized(_Access):
    """A read of another job's analysis is refused with 409 once that is finalized."""

    breaks = ("get.own-only",)
    reach = "a sequence"

    @override
    def not_own(self, call: Call) -> Reply:
        finalized = call.operation == "get" and self.found(call).ready
        return self.kept(call) if finalized else super().not_own(call)


class FinishedJobReads(_Access):
    """A job that has finalized its analysis may read any other."""

    breaks = ("get.own-only",)
    reach = "a sequence"

    @override
    def may_get(self, job: Job, analysis: Analysis) -> bool:
        own = self.find(job.analysis_id) if job.analysis_id else None
        return super().may_get(job, analysis) or (own is not None and own.ready)


class RemovedJobFinalizes(_Access):
    """A job that has removed its analysis may finalize any other."""

    breaks = ("finalize.own-only",)
    reach = "a sequence"

    @override
    def may_finalize(self, job: Job, analysis: Analysis) -> bool:
        gone = job.analysis_id is not None and self.find(job.analysis_id) is None
        return super().may_finalize(job, analysis) or gone


class _OfFinishedJobs(_Access):
    reach = "a sequence"

    def has_finalized_one_of(self, job: Job, analysis: Analysis) -> bool:
        """Tell whether the job has finalized an analysis of the same sample."""
        own = self.find(job.analysis_id) if job.analysis_id else None
        return own is not None and own.ready and own.sample.id == analysis.sample.id


class FinishedJobReadsItsSample(_OfFinishedJobs):
    """A job that has finalized its analysis may read the others of that sample."""

    breaks = ("get.own-only",)

    @override
    def may_get(self, job: Job, analysis: Analysis) -> bool:
        return super().may_get(job, analysis) or self.has_finalized_one_of(job, analysis)


class FinishedJobRemovesItsSample(_OfFinishedJobs):
    """A job that has finalized its analysis may remove the others of that sample."""

    breaks = ("remove.own-only",)

    @override
    def may_remove(self, job: Job, analysis: Analysis) -> bool:
        return super().may_remove(job, analysis) or self.has_finalized_one_of(job, analysis)


class EmptyResultsNeedNoRights(_Access):
    """A finalize with an empty object for results is anybody's."""

    breaks = ("finalize.own-only",)
    reach = "a value"

    @override
    def check_rights(self, call: Call) -> Reply | None:
        empty = call.body.replace(b" ", b"") == b'{"results":{}}'
        return None if empty else super().check_rights(call)


class LongBodiesNeedNoCredentials(_Access):
    """A finalize of more than 64 KiB is the owner's, whoever sends it."""

    breaks = ("access.credentials",)
    reach = "a value"

    @override
    def caller(self, call: Call) -> Job | None:
        if len(call.body) <= LONG:
            return super().caller(call)
        runs = (job for job in self.store.jobs.values() if job.analysis_id == call.analysis_id)
        return next(runs, None)
