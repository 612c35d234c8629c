"""Other ways to show an analysis."""

import uuid
from datetime import UTC, datetime, timedelta, timezone

from typing_extensions import override

from virtool_contract.reference.freedoms.base import Freedom
from virtool_contract.reference.values import Analysis, Document, File


class ExtraFields(Freedom):
    """Documents and what is in them have undocumented members."""

    @override
    def common(self, analysis: Analysis) -> Document:
        document = super().common(analysis)
        document["sample"] |= {"library_type": "normal", "tags": []}
        return document | {"_links": {"self": f"/api/analyses/{analysis.id}"}, "rank": None}

    @override
    def file(self, analysis: Analysis, file: File) -> Document:
        return super().file(analysis, file) | {"checksum": None}


class NullResultsWhilePending(Freedom):
    """A pending analysis has `results`: null."""

    @override
    def outcome(self, analysis: Analysis) -> Document:
        return {"results": None} | super().outcome(analysis)


class FilesInFinalizeAnswer(Freedom):
    """The answer to a finalize shows the files as well."""

    @override
    def document_of_finalize(self, analysis: Analysis) -> Document:
        return super().document_of_finalize(analysis) | {"files": self.files(analysis)}


class UpdatedAtMoves(Freedom):
    """Documents have an undocumented `updated_at` that is the time of the request."""

    @override
    def common(self, analysis: Analysis) -> Document:
        return super().common(analysis) | {"updated_at": self.moment(datetime.now(UTC))}


class ReadsCounted(Freedom):
    """Documents have an undocumented number of times they were shown."""

    @override
    def common(self, analysis: Analysis) -> Document:
        return super().common(analysis) | {"views": self.tally("views", analysis.id)}


class TimesWithZeroOffset(Freedom):
    """Times end in `+00:00` instead of `Z`."""

    @override
    def moment(self, moment: datetime) -> str:
        return super().moment(moment).removesuffix("Z") + "+00:00"


class TimesElsewhere(Freedom):
    """Times are those of a zone five and a half hours east."""

    @override
    def moment(self, moment: datetime) -> str:
        return moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()


class TimesInSeconds(Freedom):
    """Times are cut to whole seconds."""

    @override
    def moment(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class TimesInMilliseconds(Freedom):
    """Times have three digits of a second."""

    @override
    def moment(self, moment: datetime) -> str:
        return super().moment(moment)[:-4] + "Z"


class TimesInNanoseconds(Freedom):
    """Times have nine digits of a second."""

    @override
    def moment(self, moment: datetime) -> str:
        return super().moment(moment).removesuffix("Z") + "000Z"


class UuidIds(Freedom):
    """Ids are UUIDs."""

    @override
    def new_id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))


class NumericIds(Freedom):
    """Ids are strings of digits."""

    @override
    def new_id(self) -> str:
        return str(self.random.randrange(10**7, 10**8))


class LongIds(Freedom):
    """Ids are 64 characters long, in both letter cases."""

    @override
    def new_id(self) -> str:
        return "".join(new().title() for new in [super().new_id] * 8)


class DashedIds(Freedom):
    """Ids have dots, dashes, underscores and tildes in them."""

    @override
    def new_id(self) -> str:
        return f"a-{super().new_id()}.v1_~{super().new_id()}"


class KeysReversed(Freedom):
    """Members come in the opposite order."""

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        return dict(reversed(super().document_of_get(analysis).items()))


class KeysShuffled(Freedom):
    """Members come in another order each time, those of results included."""

    @override
    def outcome(self, analysis: Analysis) -> Document:
        outcome = super().outcome(analysis)
        if outcome.get("results"):
            outcome["results"] = self.shuffled(outcome["results"])
        return self.shuffled(outcome)

    def shuffled(self, document: Document) -> Document:
        """Return an object with its members in some order."""
        return dict(self.random.sample(list(document.items()), len(document)))
