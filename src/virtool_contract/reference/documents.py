"""How an analysis is shown: one method per part of the documented example."""

from datetime import UTC, datetime

from virtool_contract.reference.values import Analysis, Document, File


class Documents:
    """Analyses as JSON objects."""

    def document_of_get(self, analysis: Analysis) -> Document:
        """Return the whole document; `results` only once there are some."""
        return self.common(analysis) | {"files": self.files(analysis)} | self.outcome(analysis)

    def document_of_finalize(self, analysis: Analysis) -> Document:
        """Return what a finalize is answered with; the documentation shows no `files` there."""
        return self.common(analysis) | self.outcome(analysis)

    def common(self, analysis: Analysis) -> Document:
        """Return the fields both documents have, whatever the state."""
        return {
            "id": analysis.id,
            "created_at": self.moment(analysis.created_at),
            "job": {"id": analysis.job_id},
            "workflow": analysis.workflow,
            "sample": {"id": analysis.sample.id, "name": analysis.sample.name},
            "index": {"id": analysis.index_id, "version": analysis.index_version},
            "user": {"id": analysis.user_id},
            "subtractions": [{"id": each.id, "name": each.name} for each in analysis.subtractions],
        }

    def outcome(self, analysis: Analysis) -> Document:
        """Return `ready` and, if so, `results`."""
        if analysis.ready:
            return {"ready": True, "results": analysis.results}
        return {"ready": False}

    def files(self, analysis: Analysis) -> list[Document]:
        """Return an entry for each file."""
        return [self.file(analysis, file) for file in analysis.files]

    def file(self, analysis: Analysis, file: File) -> Document:
        """Return one file's entry."""
        return {
            "analysis": analysis.id,
            "description": file.description,
            "format": file.format,
            "id": file.id,
            "name": file.name,
            "name_on_disk": f"{file.id}-{file.name}",
            "size": file.size,
            "uploaded_at": self.moment(file.uploaded_at),
        }

    def moment(self, moment: datetime) -> str:
        """Return a time as the documentation writes it: RFC 3339, microseconds, `Z`."""
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
