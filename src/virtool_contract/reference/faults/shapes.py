"""Documents with members missing or wrapped."""

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Call, Document, File, Reply
from virtool_contract.reference.variants import without


class _Shape(Fault):
    category = "response shape"


class CreatedAtMissing(_Shape):
    """No document has `created_at`."""

    breaks = ("get.document",)

    @override
    def common(self, analysis: Analysis) -> Document:
        return without(super().common(analysis), "created_at")


class JobMissing(_Shape):
    """No document has `job`."""

    breaks = ("get.document",)

    @override
    def common(self, analysis: Analysis) -> Document:
        return without(super().common(analysis), "job")


class WorkflowMissing(_Shape):
    """No document has `workflow`."""

    breaks = ("get.document",)

    @override
    def common(self, analysis: Analysis) -> Document:
        return without(super().common(analysis), "workflow")


class SampleNameMissing(_Shape):
    """Samples have an id only."""

    breaks = ("get.document",)

    @override
    def common(self, analysis: Analysis) -> Document:
        return super().common(analysis) | {"sample": {"id": analysis.sample.id}}


class IndexVersionMissing(_Shape):
    """Indexes have an id only."""

    breaks = ("get.document",)

    @override
    def common(self, analysis: Analysis) -> Document:
        return super().common(analysis) | {"index": {"id": analysis.index_id}}


class UserMissing(_Shape):
    """No document has `user`."""

    breaks = ("get.document",)

    @override
    def common(self, analysis: Analysis) -> Document:
        return without(super().common(analysis), "user")


class SubtractionsMissing(_Shape):
    """Documents have `subtractions` only where there are some."""

    breaks = ("get.document",)
    reach = "a value"

    @override
    def common(self, analysis: Analysis) -> Document:
        document = super().common(analysis)
        return document if analysis.subtractions else without(document, "subtractions")


class SubtractionNamesMissing(_Shape):
    """Subtractions have an id only; some analyses have none."""

    breaks = ("get.document",)
    reach = "a value"

    @override
    def common(self, analysis: Analysis) -> Document:
        return super().common(analysis) | {
            "subtractions": [{"id": each.id} for each in analysis.subtractions]
        }


class FilesMissing(_Shape):
    """A read shows no `files`."""

    breaks = ("get.document",)

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        return without(super().document_of_get(analysis), "files")


class ReadyMissing(_Shape):
    """A read of a pending analysis shows no `ready`."""

    breaks = ("get.document",)

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        document = super().document_of_get(analysis)
        return document if analysis.ready else without(document, "ready")


class NameOnDiskMissing(_Shape):
    """File entries have no `name_on_disk`."""

    breaks = ("get.files",)

    @override
    def file(self, analysis: Analysis, file: File) -> Document:
        return without(super().file(analysis, file), "name_on_disk")


class NullDescriptionDropped(_Shape):
    """A file without a description has no member for it, instead of null."""

    breaks = ("get.files",)
    reach = "a value"

    @override
    def file(self, analysis: Analysis, file: File) -> Document:
        entry = super().file(analysis, file)
        return entry if file.description else without(entry, "description")


class UploadedAtMissing(_Shape):
    """File entries have no `uploaded_at`."""

    breaks = ("get.files",)

    @override
    def file(self, analysis: Analysis, file: File) -> Document:
        return without(super().file(analysis, file), "uploaded_at")


class FinalizeAnswerEmpty(_Shape):
    """A finalize is answered with an empty object."""

    breaks = ("finalize.answer",)

    @override
    def document_of_finalize(self, analysis: Analysis) -> Document:
        return {}


class FinalizeAnswerWithoutResults(_Shape):
    """A finalize is answered with all but the results."""

    breaks = ("finalize.results",)

    @override
    def document_of_finalize(self, analysis: Analysis) -> Document:
        return without(super().document_of_finalize(analysis), "results")


class FinalizeAnswerWithoutIndex(_Shape):
    """A finalize is answered with all but the index."""

    breaks = ("finalize.answer",)

    @override
    def document_of_finalize(self, analysis: Analysis) -> Document:
        return without(super().document_of_finalize(analysis), "index")


class FinalizeAnswerWrapped(_Shape):
    """A finalize is answered with the document inside another object."""

    breaks = ("finalize.answer",)

    @override
    def document_of_finalize(self, analysis: Analysis) -> Document:
        return {"analysis": super().document_of_finalize(analysis)}


class FinalizedReadWrapped(_Shape):
    """A read of a finalized analysis is wrapped in `data`; of a pending one, it is not."""

    breaks = ("get.document",)
    reach = "a sequence"

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        reply = super().answer_to_get(call, analysis)
        return Reply(status=200, content={"data": reply.content}) if analysis.ready else reply


class FinalizedReadWithoutUser(_Shape):
    """A read of a finalized analysis shows no `user`."""

    breaks = ("get.document",)
    reach = "a sequence"

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        document = super().document_of_get(analysis)
        return without(document, "user") if analysis.ready else document


class ReadWithoutResults(_Shape):
    """A read of a finalized analysis says ready but shows no results."""

    breaks = ("get.results-when-ready",)
    reach = "a sequence"

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        return without(super().document_of_get(analysis), "results")
