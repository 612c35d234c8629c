"""Documents whose members have other types or formats than documented."""

import json
from datetime import datetime
from email.utils import format_datetime

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Document, File


class _Type(Fault):
    category = "response type"


class JobAsString(_Type):
    """`job` is the job's id instead of an object."""

    breaks = ("get.document",)

    @override
    def common(self, analysis: Analysis) -> Document:
        return super().common(analysis) | {"job": analysis.job_id}


class UserAsString(_Type):
    """`user` is the user's id instead of an object."""

    breaks = ("get.document",)

    @override
    def common(self, analysis: Analysis) -> Document:
        return super().common(analysis) | {"user": analysis.user_id}


class VersionAsString(_Type):
    """An index's version is a string of digits."""

    breaks = ("get.document",)

    @override
    def common(self, analysis: Analysis) -> Document:
        index = {"id": analysis.index_id, "version": str(analysis.index_version)}
        return super().common(analysis) | {"index": index}


class VersionZeroAsNull(_Type):
    """An index's version is null where it should be 0."""

    breaks = ("get.document",)
    reach = "a value"

    @override
    def common(self, analysis: Analysis) -> Document:
        index = {"id": analysis.index_id, "version": analysis.index_version or None}
        return super().common(analysis) | {"index": index}


class SampleNull(_Type):
    """`sample` is null."""

    breaks = ("get.document",)

    @override
    def common(self, analysis: Analysis) -> Document:
        return super().common(analysis) | {"sample": None}


class SubtractionsAsObject(_Type):
    """`subtractions` is an object of names by id instead of a list."""

    breaks = ("get.document",)

    @override
    def common(self, analysis: Analysis) -> Document:
        names = {each.id: each.name for each in analysis.subtractions}
        return super().common(analysis) | {"subtractions": names}


class ReadyAsString(_Type):
    """`ready` is "true" or "false"."""

    breaks = ("get.document",)

    @override
    def outcome(self, analysis: Analysis) -> Document:
        return super().outcome(analysis) | {"ready": str(analysis.ready).lower()}


class ReadyAsInteger(_Type):
    """`ready` is 1 in the answer to a finalize."""

    breaks = ("finalize.ready",)

    @override
    def document_of_finalize(self, analysis: Analysis) -> Document:
        return super().document_of_finalize(analysis) | {"ready": 1}


class FilesNullWhenNone(_Type):
    """`files` is null instead of an empty list."""

    breaks = ("get.files",)
    reach = "a value"

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        return super().document_of_get(analysis) | {"files": self.files(analysis) or None}


class TimesAsEpoch(_Type):
    """Times are seconds since 1970, as strings."""

    breaks = ("get.document",)

    @override
    def moment(self, moment: datetime) -> str:
        return str(moment.timestamp())


class TimesWithoutOffset(_Type):
    """Times lack the `Z`: they are local to nobody knows where."""

    breaks = ("get.document",)

    @override
    def moment(self, moment: datetime) -> str:
        return super().moment(moment).removesuffix("Z")


class TimesAsInMail(_Type):
    """Times are written as in e-mail headers."""

    breaks = ("get.document",)

    @override
    def moment(self, moment: datetime) -> str:
        return format_datetime(moment)


class UploadedAtDateOnly(_Type):
    """A file's `uploaded_at` is a date without a time."""

    breaks = ("get.files",)

    @override
    def file(self, analysis: Analysis, file: File) -> Document:
        return super().file(analysis, file) | {"uploaded_at": f"{file.uploaded_at:%Y-%m-%d}"}


class FileIdAsString(_Type):
    """A file's id is a string of digits."""

    breaks = ("get.files",)

    @override
    def file(self, analysis: Analysis, file: File) -> Document:
        return super().file(analysis, file) | {"id": str(file.id)}


class FileSizeHumanized(_Type):
    """A file's size is text such as "20.5 kB"."""

    breaks = ("get.files",)

    @override
    def file(self, analysis: Analysis, file: File) -> Document:
        return super().file(analysis, file) | {"size": f"{file.size / 1000:.1f} kB"}


class FileSizeFractional(_Type):
    """A file's size is in fractions of a byte."""

    breaks = ("get.files",)

    @override
    def file(self, analysis: Analysis, file: File) -> Document:
        return super().file(analysis, file) | {"size": file.size + 0.5}


class DescriptionAsObject(_Type):
    """A file's description is an object."""

    breaks = ("get.files",)

    @override
    def file(self, analysis: Analysis, file: File) -> Document:
        return super().file(analysis, file) | {"description": {"text": file.description}}


class ResultsAsText(_Type):
    """A read shows the results as a string of JSON."""

    breaks = ("get.results-when-ready",)
    reach = "a sequence"

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        document = super().document_of_get(analysis)
        return document | ({"results": json.dumps(analysis.results)} if analysis.ready else {})
