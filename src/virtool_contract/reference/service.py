"""The analyses resource, one decision per method, without HTTP.

Each method may be overridden alone: that is how a fault or a freedom is one tiny class.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from virtool_contract.reference.bodies import Bodies, BodyError
from virtool_contract.reference.documents import Documents
from virtool_contract.reference.provider import Provider
from virtool_contract.reference.refusals import Refusals
from virtool_contract.reference.values import Analysis, Call, Credentials, Document, Job, Reply
from virtool_contract.reference.wire import Wire

Check: TypeAlias = Callable[[Call], Reply | None]
"""Returns a refusal if there is this one reason for it."""


class Service(Documents, Refusals, Bodies, Wire, Provider):
    """The reference server.

    Nothing awaits between a check and the write that rests on it, so finalize and remove are
    atomic on one event loop.
    """

    async def handle(self, call: Call) -> Reply:
        """Answer one request."""
        await self.pause(call)
        match call.operation:
            case "get":
                reply = await self.get(call)
            case "finalize":
                reply = await self.finalize(call)
            case "remove":
                reply = await self.remove(call)
        return self.delivered(call, reply)

    async def pause(self, call: Call) -> None:
        """Take no time before the work begins."""

    def delivered(self, _call: Call, reply: Reply) -> Reply:
        """Return the reply that is given in the end."""
        return reply

    # The operations.

    async def get(self, call: Call) -> Reply:
        """Return the document of an analysis."""
        refusal = self.first_refusal(call, self.checks_of_get())
        if refusal is not None:
            return refusal
        return self.answer_to_get(call, self.found(call))

    async def finalize(self, call: Call) -> Reply:
        """Set the results of an analysis, once."""
        refusal = self.first_refusal(call, self.checks_of_finalize())
        if refusal is not None:
            return refusal
        analysis = self.found(call)
        await self.before_finalize(call)
        finalized = self.finalized(analysis, self.members(call.body))
        await self.write(finalized)
        return self.answer_to_finalize(call, finalized)

    async def remove(self, call: Call) -> Reply:
        """Remove an analysis that is not finalized."""
        refusal = self.first_refusal(call, self.checks_of_remove())
        if refusal is not None:
            return refusal
        analysis = self.found(call)
        await self.before_remove(call)
        await self.erase(analysis)
        return self.answer_to_remove(call, analysis)

    # Answers.

    def answer_to_get(self, _call: Call, analysis: Analysis) -> Reply:
        """Return the answer to a read."""
        return Reply(status=200, content=self.document_of_get(analysis))

    def answer_to_finalize(self, _call: Call, analysis: Analysis) -> Reply:
        """Return the answer to a finalize that succeeded."""
        return Reply(status=200, content=self.document_of_finalize(analysis))

    def answer_to_remove(self, _call: Call, _analysis: Analysis) -> Reply:
        """Return the answer to a removal that succeeded."""
        return Reply(status=204)

    def undeclared(self, _method: str) -> Reply:
        """Return the answer to a method the resource does not have."""
        return Reply(
            status=405,
            content=b"Method Not Allowed",
            media_type="text/plain; charset=utf-8",
            headers={"allow": "GET, HEAD, PATCH, DELETE"},
        )

    # Checks, in the order in which they are made.

    def checks_of_get(self) -> Iterable[Check]:
        """Return the checks before a read."""
        return (self.check_credentials, self.check_exists, self.check_rights)

    def checks_of_finalize(self) -> Iterable[Check]:
        """Return the checks before a finalize."""
        return (*self.checks_of_get(), self.check_body, self.check_pending)

    def checks_of_remove(self) -> Iterable[Check]:
        """Return the checks before a removal."""
        return (*self.checks_of_get(), self.check_pending)

    def first_refusal(self, call: Call, checks: Iterable[Check]) -> Reply | None:
        """Return the first refusal that a check comes up with."""
        return next((reply for check in checks if (reply := check(call)) is not None), None)

    def check_credentials(self, call: Call) -> Reply | None:
        """The caller is a job."""
        return self.unauthenticated(call) if self.caller(call) is None else None

    def check_exists(self, call: Call) -> Reply | None:
        """The analysis exists."""
        return self.absent(call) if self.find(call.analysis_id) is None else None

    def check_rights(self, call: Call) -> Reply | None:
        """The caller may do this to the analysis."""
        allowed = {"get": self.may_get, "finalize": self.may_finalize, "remove": self.may_remove}
        job, analysis = self.caller(call), self.find(call.analysis_id)
        if job is None or analysis is None or allowed[call.operation](job, analysis):
            return None
        return self.not_own(call)

    def check_body(self, call: Call) -> Reply | None:
        """The body holds results."""
        try:
            self.results_in(self.members(call.body))
        except BodyError as error:
            return self.bad_body(call, error)
        return None

    def check_pending(self, call: Call) -> Reply | None:
        """The analysis is not finalized yet."""
        analysis = self.find(call.analysis_id)
        if analysis is None:
            return None
        if call.operation == "finalize" and self.bars_finalize(call, analysis):
            return self.already_finalized(call)
        if call.operation == "remove" and self.bars_remove(call, analysis):
            return self.kept(call)
        return None

    # Decisions.

    def caller(self, call: Call) -> Job | None:
        """Return the job that is calling; None if that is not known."""
        return None if call.credentials is None else self.job_of(call.credentials)

    def job_of(self, credentials: Credentials) -> Job | None:
        """Return the job with these credentials."""
        job = self.store.jobs.get(credentials.user.removeprefix("job-"))
        if job is None or credentials.user != f"job-{job.id}":
            return None
        return job if self.fits(job, credentials.password) else None

    def fits(self, job: Job, key: str) -> bool:
        """Tell whether this is the job's key."""
        return key == job.key

    def find(self, analysis_id: str) -> Analysis | None:
        """Return the analysis with this id."""
        return self.store.analyses.get(analysis_id)

    def found(self, call: Call) -> Analysis:
        """Return the analysis that the checks have seen."""
        analysis = self.find(call.analysis_id)
        assert analysis is not None
        return analysis

    def owns(self, job: Job, analysis: Analysis) -> bool:
        """Tell whether the job runs the analysis."""
        return job.analysis_id == analysis.id

    def may_get(self, job: Job, analysis: Analysis) -> bool:
        """Tell whether the job may read the analysis."""
        return self.owns(job, analysis)

    def may_finalize(self, job: Job, analysis: Analysis) -> bool:
        """Tell whether the job may finalize the analysis."""
        return self.owns(job, analysis)

    def may_remove(self, job: Job, analysis: Analysis) -> bool:
        """Tell whether the job may remove the analysis."""
        return self.owns(job, analysis)

    def bars_finalize(self, _call: Call, analysis: Analysis) -> bool:
        """Tell whether it is too late to finalize."""
        return analysis.ready

    def bars_remove(self, _call: Call, analysis: Analysis) -> bool:
        """Tell whether it is too late to remove."""
        return analysis.ready

    # Writes.

    async def before_finalize(self, call: Call) -> None:
        """Leave no window between the check that an analysis is pending and its finalize."""

    async def before_remove(self, call: Call) -> None:
        """Leave no window between the check that an analysis is pending and its removal."""

    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        """Return the analysis with its results: all that a finalize changes."""
        return replace(analysis, ready=True, results=self.stored(self.results_in(members)))

    def stored(self, results: Document) -> Document:
        """Return results as they are kept."""
        return results

    async def write(self, analysis: Analysis) -> None:
        """Write a finalized analysis."""
        self.store.put(analysis)

    async def erase(self, analysis: Analysis) -> None:
        """Erase an analysis."""
        self.store.erase(analysis.id)
