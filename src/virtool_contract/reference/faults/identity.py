"""Ids that are taken for the id of an analysis, and are not."""

import re
from dataclasses import replace
from typing import ClassVar
from unicodedata import category, combining, normalize
from urllib.parse import unquote

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault, Reach
from virtool_contract.reference.values import Analysis, Call, Reply


class _Identity(Fault):
    category = "identity"
    breaks: ClassVar[tuple[str, ...]] = ("get.absent",)
    reach: ClassVar[Reach] = "a value"


class IdCaseIgnored(_Identity):
    """An id in upper case finds the analysis."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find(analysis_id) or super().find(analysis_id.lower())


class IdBlanksIgnored(_Identity):
    """An id with blanks around it finds the analysis."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find(analysis_id) or super().find(analysis_id.strip())


class IdPrefixEnough(_Identity):
    """All but the last character of an id finds the analysis."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        long = [each for each in self.store.analyses if each[:-1] == analysis_id]
        return super().find(analysis_id) or (super().find(long[0]) if long else None)


class IdSuffixIgnored(_Identity):
    """An id with another character after it finds the analysis."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find(analysis_id) or super().find(analysis_id[:-1])


class IdDecodedTwice(_Identity):
    """An id that is percent-encoded twice finds the analysis."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find(analysis_id) or super().find(unquote(analysis_id))


class IdAsPattern(_Identity):
    """An id in which `%` stands for the last character finds the analysis, as in SQL."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        stem = analysis_id.removesuffix("%")
        like = [e for e in self.store.analyses if e.startswith(stem)] if stem != analysis_id else []
        return super().find(analysis_id) or (super().find(like[0]) if like else None)


class IdSuffixEnough(_Identity):
    """All but the first character of an id finds the analysis."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        long = [each for each in self.store.analyses if each[1:] == analysis_id]
        return super().find(analysis_id) or (super().find(long[0]) if long else None)


class IdPrefixIgnored(_Identity):
    """An id with another character in front of it finds the analysis."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find(analysis_id) or super().find(analysis_id[1:])


class IdAsRegularExpression(_Identity):
    """An id in which `.` stands for the last character finds the analysis."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        wanted = re.compile(re.escape(analysis_id).replace(r"\.", "."))
        like = [each for each in self.store.analyses if wanted.fullmatch(each)]
        return super().find(like[0]) if like else None


class IdAccentsIgnored(_Identity):
    """An id with an accent on a letter finds the analysis, as under many a collation."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find("".join(char for char in analysis_id if not combining(char)))


class IdEndsAtNul(_Identity):
    """An id ends at a NUL, as texts in C do."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find(analysis_id.partition("\0")[0])


class IdEndsAtSemicolon(_Identity):
    """An id ends at a semicolon, as if parameters followed."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find(analysis_id.partition(";")[0])


class IdEndsAtQuestionMark(_Identity):
    """An id ends at a question mark, though that was percent-encoded."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find(analysis_id.partition("?")[0])


class IdEndsAtHash(_Identity):
    """An id ends at a hash, though that was percent-encoded."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find(analysis_id.partition("#")[0])


class AbsentReadFindsOwn(_Identity):
    """A job that reads an absent analysis gets its own."""

    reach = "any request"

    @override
    def absent(self, call: Call) -> Reply:
        job = self.caller(call)
        own = self.find(job.analysis_id) if job and job.analysis_id else None
        if own is None or call.operation != "get":
            return super().absent(call)
        return self.answer_to_get(call, own)


class AbsentFinalizeCreates(_Identity):
    """A finalize of an absent analysis creates it."""

    breaks = ("finalize.absent",)
    reach = "any request"

    @override
    def absent(self, call: Call) -> Reply:
        job = self.caller(call)
        if call.operation != "finalize" or job is None or self.check_body(call):
            return super().absent(call)
        made = self.new_analysis(call.analysis_id, job.id, files=0)
        self.store.put(self.finalized(made, self.members(call.body)))
        return self.answer_to_finalize(call, self.found(call))


class AbsentRemoveTakesOwn(_Identity):
    """A removal of an absent analysis removes the caller's own."""

    breaks = ("remove.absent",)
    reach = "any request"

    @override
    def absent(self, call: Call) -> Reply:
        job = self.caller(call)
        own = self.find(job.analysis_id) if job and job.analysis_id else None
        if own is None or call.operation != "remove":
            return super().absent(call)
        self.store.erase(own.id)
        return self.answer_to_remove(call, own)


class _Writes(_Identity):
    """Reads take an id as it is, and a write does not."""

    @override
    async def handle(self, call: Call) -> Reply:
        meant = self.meant(call.analysis_id)
        if call.operation in self.lax and self.find(call.analysis_id) is None and self.find(meant):
            call = replace(call, analysis_id=meant)
        return await super().handle(call)

    lax: ClassVar[tuple[str, ...]] = ("finalize", "remove")

    def meant(self, analysis_id: str) -> str:
        """Return the id that a write takes another for."""
        raise NotImplementedError


class WritesIgnoreIdCase(_Writes):
    """A write to an id in upper case reaches the analysis, though a read does not."""

    breaks = ("finalize.absent", "remove.absent")

    @override
    def meant(self, analysis_id: str) -> str:
        return analysis_id.lower()


class FinalizeIgnoresIdBlanks(_Writes):
    """A finalize of an id with blanks around it reaches the analysis."""

    breaks = ("finalize.absent",)
    lax = ("finalize",)

    @override
    def meant(self, analysis_id: str) -> str:
        return analysis_id.strip()


class RemoveCompletesIds(_Writes):
    """A removal of all but the last character of an id reaches the analysis."""

    breaks = ("remove.absent",)
    lax = ("remove",)

    @override
    def meant(self, analysis_id: str) -> str:
        return next((each for each in self.store.analyses if each[:-1] == analysis_id), "")


class RemoveIgnoresLineFeed(_Writes):
    """A removal of an id with a line feed behind it reaches the analysis."""

    breaks = ("remove.absent",)
    lax = ("remove",)

    @override
    def meant(self, analysis_id: str) -> str:
        return analysis_id.removesuffix("\n")


class LongIdsCrash(_Identity):
    """An id of more than 255 characters is answered with 500."""

    breaks = ("errors.no-server-error",)

    @override
    def absent(self, call: Call) -> Reply:
        if len(call.analysis_id) > 255:
            return self.refusal(call, 500, "internal_error", "Data too long for column")
        return super().absent(call)


class IdPlusIgnored(_Identity):
    """A plus behind an id is ignored, as a blank in a form would be."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find(analysis_id.rstrip("+"))


class IdZeroWidthIgnored(_Identity):
    """Characters of no width in an id are ignored."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find("".join(c for c in analysis_id if category(c) != "Cf"))


class IdWidthIgnored(_Identity):
    """A full-width letter in an id is taken for the plain one."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        return super().find(normalize("NFKC", analysis_id))
