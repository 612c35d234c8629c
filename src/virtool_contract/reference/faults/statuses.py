"""The wrong status, everything else being right."""

from dataclasses import replace

from typing_extensions import override

from virtool_contract.reference.bodies import BodyError
from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Call, Reply


class _Status(Fault):
    category = "status codes"


class FinalizedReadIs203(_Status):
    """A read of a finalized analysis is answered with 203."""

    breaks = ("documented-status",)
    reach = "a sequence"

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        reply = super().answer_to_get(call, analysis)
        return replace(reply, status=203) if analysis.ready else reply


class RemoveWithoutFilesIs409(_Status):
    """A removal of an analysis that has no files is answered with 409."""

    breaks = ("remove.pending",)
    reach = "a value"

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        return super().bars_remove(call, analysis) or not analysis.files


class FinalizeIs201(_Status):
    """A finalize is answered with 201."""

    breaks = ("finalize.answer",)

    @override
    def answer_to_finalize(self, call: Call, analysis: Analysis) -> Reply:
        return replace(super().answer_to_finalize(call, analysis), status=201)


class FinalizeIs204(_Status):
    """A finalize is answered with 204 and nothing else."""

    breaks = ("finalize.answer",)

    @override
    def answer_to_finalize(self, call: Call, analysis: Analysis) -> Reply:
        return Reply(status=204)


class RemoveIs200(_Status):
    """A removal is answered with 200 and the document."""

    breaks = ("remove.no-content",)

    @override
    def answer_to_remove(self, call: Call, analysis: Analysis) -> Reply:
        return Reply(status=200, content=self.document_of_get(analysis))


class RemoveIs202(_Status):
    """A removal is answered with 202 and nothing else."""

    breaks = ("remove.no-content",)

    @override
    def answer_to_remove(self, call: Call, analysis: Analysis) -> Reply:
        return Reply(status=202)


class RemovePendingIs409(_Status):
    """An analysis cannot be removed by its owner before it was finalized, nor after."""

    breaks = ("remove.pending",)

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        return True


class AbsentReadIs400(_Status):
    """A read of an absent analysis is answered with 400."""

    breaks = ("get.absent",)

    @override
    def absent(self, call: Call) -> Reply:
        reply = super().absent(call)
        return replace(reply, status=400) if call.operation == "get" else reply


class AbsentFinalizeIs422(_Status):
    """A finalize of an absent analysis is answered with 422."""

    breaks = ("finalize.absent",)

    @override
    def absent(self, call: Call) -> Reply:
        reply = super().absent(call)
        return replace(reply, status=422) if call.operation == "finalize" else reply


class AbsentRemoveIs204(_Status):
    """A removal of an absent analysis is answered with 204."""

    breaks = ("remove.absent",)

    @override
    def absent(self, call: Call) -> Reply:
        return Reply(status=204) if call.operation == "remove" else super().absent(call)


class AbsentRemoveIs500(_Status):
    """A removal of an absent analysis is answered with 500."""

    breaks = ("errors.no-server-error",)

    @override
    def absent(self, call: Call) -> Reply:
        reply = super().absent(call)
        return replace(reply, status=500) if call.operation == "remove" else reply


class RemovedIsForbidden(_Status):
    """The owner of an analysis that it has removed gets 403."""

    breaks = ("get.absent",)
    reach = "a sequence"

    @override
    def absent(self, call: Call) -> Reply:
        job = self.caller(call)
        gone = job is not None and job.analysis_id == call.analysis_id
        return self.not_own(call) if gone else super().absent(call)


class OtherJobReadIs404(_Status):
    """A read by another analysis' job is answered with 404."""

    breaks = ("get.own-only",)

    @override
    def not_own(self, call: Call) -> Reply:
        return self.absent(call) if call.operation == "get" else super().not_own(call)


class OtherJobReadIs401(_Status):
    """A read by another analysis' job is answered with 401."""

    breaks = ("get.own-only",)

    @override
    def not_own(self, call: Call) -> Reply:
        reply = super().not_own(call)
        return replace(reply, status=401) if call.operation == "get" else reply


class IdleJobReadIs400(_Status):
    """A read by a job that runs no analysis is answered with 400."""

    breaks = ("get.analysis-jobs-only",)

    @override
    def not_own(self, call: Call) -> Reply:
        reply, job = super().not_own(call), self.caller(call)
        idle = job is not None and job.analysis_id is None and call.operation == "get"
        return replace(reply, status=400) if idle else reply


class OtherJobFinalizeIs404(_Status):
    """A finalize by another job is refused with 404."""

    breaks = ("finalize.forbidden",)

    @override
    def not_own(self, call: Call) -> Reply:
        return self.absent(call) if call.operation == "finalize" else super().not_own(call)


class OtherJobRemoveIs404(_Status):
    """A removal by another job is refused with 404."""

    breaks = ("remove.forbidden",)

    @override
    def not_own(self, call: Call) -> Reply:
        return self.absent(call) if call.operation == "remove" else super().not_own(call)


class SecondFinalizeIs400(_Status):
    """A second finalize is refused with 400."""

    breaks = ("finalize.once",)

    @override
    def already_finalized(self, call: Call) -> Reply:
        return replace(super().already_finalized(call), status=400)


class SecondFinalizeIgnored(_Status):
    """A second finalize is answered with 200 and the first results; nothing happens."""

    breaks = ("finalize.once",)

    @override
    def already_finalized(self, call: Call) -> Reply:
        return self.answer_to_finalize(call, self.found(call))


class RemoveFinalizedIs403(_Status):
    """A removal of a finalized analysis is refused with 403."""

    breaks = ("remove.finalized-stays",)

    @override
    def kept(self, call: Call) -> Reply:
        return replace(super().kept(call), status=403)


class MissingResultsIs500(_Status):
    """A finalize without `results` is answered with 500."""

    breaks = ("errors.no-server-error",)

    @override
    def bad_body(self, call: Call, error: BodyError) -> Reply:
        return replace(super().bad_body(call, error), status=500 if error.status == 422 else 400)


class AnonymousIs302(_Status):
    """A caller without credentials is sent to a login page."""

    breaks = ("access.credentials",)

    @override
    def unauthenticated(self, call: Call) -> Reply:
        return Reply(status=302, headers={"location": "/login"})


class WrongKeyIs404(_Status):
    """A caller with a wrong key is told that there is nothing."""

    breaks = ("access.credentials",)

    @override
    def unauthenticated(self, call: Call) -> Reply:
        return super().unauthenticated(call) if call.credentials is None else self.absent(call)


class WrongKeyIs500(_Status):
    """A caller with a wrong key meets a server error."""

    breaks = ("errors.no-server-error",)

    @override
    def unauthenticated(self, call: Call) -> Reply:
        reply = super().unauthenticated(call)
        return reply if call.credentials is None else replace(reply, status=500)
