"""Documents of the right shape that say the wrong thing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Document, File


class _Value(Fault):
    category = "response value"


class JobIdIsAnalysisId(_Value):
    """A document's `job.id` is the id of the analysis."""

    breaks = ("get.identity",)

    @override
    def common(self, analysis: Analysis) -> Document:
        return super().common(analysis) | {"job": {"id": analysis.id}}


class IdIsJobId(_Value):
    """A read shows the job's id as `id`."""

    breaks = ("get.identity",)

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        return super().document_of_get(analysis) | {"id": analysis.job_id}


class FinalizeAnswersSampleId(_Value):
    """The answer to a finalize has the sample's id as `id`."""

    breaks = ("finalize.changes-nothing-else",)

    @override
    def document_of_finalize(self, analysis: Analysis) -> Document:
        return super().document_of_finalize(analysis) | {"id": analysis.sample.id}


class FilesOfNobody(_Value):
    """A file entry names an analysis that does not exist."""

    breaks = ("get.files",)

    @override
    def file(self, analysis: Analysis, file: File) -> Document:
        return super().file(analysis, file) | {"analysis": "uskrqsxm"}


class ResultsBeforeReady(_Value):
    """A pending analysis has results already: an empty object."""

    breaks = ("get.results-when-ready",)

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        return {"results": {}} | super().document_of_get(analysis)


class NotReadyInAnswer(_Value):
    """The answer to a finalize says not ready; reads say ready."""

    breaks = ("finalize.ready",)

    @override
    def document_of_finalize(self, analysis: Analysis) -> Document:
        return super().document_of_finalize(analysis) | {"ready": False}


class NotReadyInReads(_Value):
    """The answer to a finalize says ready; reads never do."""

    breaks = ("finalize.ready",)
    reach = "a sequence"

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        return super().document_of_get(analysis) | {"ready": False}


class EmptyResultsLookPending(_Value):
    """An analysis finalized with an empty object is shown as pending."""

    breaks = ("finalize.freeform",)
    reach = "a value"

    @override
    def outcome(self, analysis: Analysis) -> Document:
        return super().outcome(analysis if analysis.results else replace(analysis, ready=False))


class ClockInCreatedAt(_Value):
    """`created_at` is the time of the request."""

    breaks = ("get.safe",)

    @override
    def common(self, analysis: Analysis) -> Document:
        return super().common(analysis) | {"created_at": self.moment(datetime.now(UTC))}


class FinalizeChangesUser(_Value):
    """A finalize makes the job the user."""

    breaks = ("finalize.changes-nothing-else",)

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        return replace(super().finalized(analysis, members), user_id=f"job-{analysis.job_id}")


class FinalizeChangesCreatedAt(_Value):
    """A finalize cuts `created_at` to whole seconds, one later."""

    breaks = ("finalize.changes-nothing-else",)

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        later = analysis.created_at.replace(microsecond=0) + timedelta(seconds=1)
        return replace(super().finalized(analysis, members), created_at=later)


class FinalizeChangesVersion(_Value):
    """A finalize moves the analysis to the next version of the index."""

    breaks = ("finalize.changes-nothing-else",)

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        version = analysis.index_version + 1
        return replace(super().finalized(analysis, members), index_version=version)


class FinalizeChangesSample(_Value):
    """A finalize cuts the sample's name to four characters."""

    breaks = ("finalize.changes-nothing-else",)

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        sample = replace(analysis.sample, name=analysis.sample.name[:4])
        return replace(super().finalized(analysis, members), sample=sample)


class FinalizeDropsSubtractions(_Value):
    """A finalize takes away the subtractions; some analyses have none."""

    breaks = ("finalize.changes-nothing-else",)
    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        return replace(super().finalized(analysis, members), subtractions=())


class FinalizeDropsFiles(_Value):
    """A finalize takes away the files; some analyses have none."""

    breaks = ("finalize.changes-nothing-else",)
    reach = "a value"

    @override
    def finalized(self, analysis: Analysis, members: Document) -> Analysis:
        return replace(super().finalized(analysis, members), files=())


class WorkflowOnlyInAnswer(_Value):
    """The answer to a finalize has the workflow in upper case; reads have it right."""

    breaks = ("finalize.changes-nothing-else",)

    @override
    def document_of_finalize(self, analysis: Analysis) -> Document:
        return super().document_of_finalize(analysis) | {"workflow": analysis.workflow.upper()}
