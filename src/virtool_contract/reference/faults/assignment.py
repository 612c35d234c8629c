"""Members beside `results` that a finalize stores or applies (mass assignment)."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from typing_extensions import override

from virtool_contract.reference.bodies import BodyError
from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Call, Document, Named, Reply
from virtool_contract.reference.variants import without


class _Assignment(Fault):
    category = "mass assignment"
    breaks = ("finalize.extra-members",)


def text(members: Document, name: str, default: str) -> str:
    """Return a member if it is a string."""
    value = members.get(name)
    return value if isinstance(value, str) else default


def id_in(members: Document, name: str, default: str) -> str:
    """Return the id in a member if it is an object with one."""
    value = members.get(name)
    return text(value, "id", default) if isinstance(value, dict) else default


class ExtraMembersStored(_Assignment):
    """Members beside `results` that no document has are kept and shown."""

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        self.notes["extra", analysis.id] = without(members, "results")
        return super().finalized(analysis, members)

    @override
    def outcome(self, analysis: Analysis) -> Document:
        extra = self.notes.get(("extra", analysis.id), {})
        hidden = ("id", "created_at", "job", "workflow", "sample", "index", "user", "ready")
        return without(extra, *hidden, "subtractions", "files") | super().outcome(analysis)


class ExtraMembersInResults(_Assignment):
    """Members beside `results` end up among them."""

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        results = {"results": self.results_in(members) | without(members, "results")}
        return super().finalized(analysis, results)


class WorkflowAssigned(_Assignment):
    """A `workflow` in the body is applied."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        workflow = text(members, "workflow", analysis.workflow)
        return replace(super().finalized(analysis, members), workflow=workflow)


class ReadyAssigned(_Assignment):
    """`ready` in the body is applied: false leaves the analysis pending."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        finalized = super().finalized(analysis, members)
        return replace(finalized, ready=members.get("ready") is not False)


class CreatedAtAssigned(_Assignment):
    """`created_at` in the body is applied if it is a time."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        try:
            created_at = datetime.fromisoformat(text(members, "created_at", "none"))
        except ValueError:
            created_at = analysis.created_at
        return replace(super().finalized(analysis, members), created_at=created_at)


class UserAssigned(_Assignment):
    """A `user` in the body is applied."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        user_id = id_in(members, "user", analysis.user_id)
        return replace(super().finalized(analysis, members), user_id=user_id)


class JobAssigned(_Assignment):
    """A `job` in the body is applied to the document."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        job_id = id_in(members, "job", analysis.job_id)
        return replace(super().finalized(analysis, members), job_id=job_id)


class SampleAssigned(_Assignment):
    """A `sample` in the body is applied."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        sample = Named(id=id_in(members, "sample", analysis.sample.id), name=analysis.sample.name)
        return replace(super().finalized(analysis, members), sample=sample)


class SubtractionsAssigned(_Assignment):
    """`subtractions` in the body are applied."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        finalized, given = super().finalized(analysis, members), members.get("subtractions")
        if not isinstance(given, list):
            return finalized
        named = [
            Named(id=text(each, "id", ""), name=text(each, "name", ""))
            for each in given
            if isinstance(each, dict)
        ]
        return replace(finalized, subtractions=tuple(named))


class UserIdAssigned(_Assignment):
    """A `user` in the body is applied if it is text."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        user_id = text(members, "user", analysis.user_id)
        return replace(super().finalized(analysis, members), user_id=user_id)


class SubtractionsEmptied(_Assignment):
    """`subtractions` in the body are applied if there are none."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        finalized = super().finalized(analysis, members)
        return (
            replace(finalized, subtractions=()) if members.get("subtractions") == [] else finalized
        )


class DottedNamesAssigned(_Assignment):
    """A `user.id` in the body is applied, as MongoDB does."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        user_id = text(members, "user.id", analysis.user_id)
        return replace(super().finalized(analysis, members), user_id=user_id)


class AssignedThoughRefused(_Assignment):
    """A `user` in a body without results is applied, and the body refused."""

    breaks = ("finalize.results-required",)
    reach = "a value"

    @override
    def results_in(self, members: Document) -> Document:
        self.notes["members",] = members
        return super().results_in(members)

    @override
    def bad_body(self, call: Call, error: BodyError) -> Reply:
        members, analysis = self.notes.pop(("members",), {}), self.found(call)
        if "results" not in members and not analysis.ready:
            user_id = id_in(members, "user", analysis.user_id)
            self.store.put(replace(analysis, user_id=user_id))
        return super().bad_body(call, error)


class AssignedThoughForbidden(_Assignment):
    """A `workflow` in the body of another job's finalize is applied, and the finalize refused."""

    breaks = ("finalize.own-only",)
    reach = "a value"

    @override
    def not_own(self, call: Call) -> Reply:
        analysis = self.found(call)
        with suppress(BodyError):
            workflow = text(self.members(call.body), "workflow", analysis.workflow)
            self.store.put(replace(analysis, workflow=workflow))
        return super().not_own(call)


class UserIdMemberAssigned(_Assignment):
    """A `user_id` in the body is applied."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        user_id = text(members, "user_id", analysis.user_id)
        return replace(super().finalized(analysis, members), user_id=user_id)


class ErrorDropsResults(_Assignment):
    """Where an `error` stands beside them, results are dropped."""

    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        finalized = super().finalized(analysis, members)
        return replace(finalized, results={}) if "error" in members else finalized
