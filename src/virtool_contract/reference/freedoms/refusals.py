"""Other ways to say no."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from typing_extensions import override

from virtool_contract.reference.bodies import BodyError
from virtool_contract.reference.freedoms.base import Freedom
from virtool_contract.reference.service import Check
from virtool_contract.reference.values import Analysis, Call, Document, Job, Reply


class PlainTextErrors(Freedom):
    """Refusals have plain text for bodies."""

    @override
    def refusal(self, call: Call, status: int, name: str, message: str) -> Reply:
        text = self.worded(message).encode()
        return Reply(status=status, content=text, media_type="text/plain; charset=utf-8")


class HtmlErrors(Freedom):
    """Refusals have HTML for bodies, as from a framework's error page."""

    @override
    def refusal(self, call: Call, status: int, name: str, message: str) -> Reply:
        page = f"<!doctype html><title>{status}</title><p>{self.worded(message)}</p>"
        return Reply(status=status, content=page.encode(), media_type="text/html")


class ProblemErrors(Freedom):
    """Refusals are problem details (RFC 9457)."""

    @override
    def refusal(self, call: Call, status: int, name: str, message: str) -> Reply:
        reply = super().refusal(call, status, name, message)
        return replace(reply, media_type="application/problem+json")

    @override
    def error_document(self, call: Call, name: str, message: str) -> Document:
        return {"type": f"urn:virtool:{name}", "title": message}


class DetailErrors(Freedom):
    """Refusals have their message in `detail`."""

    @override
    def error_document(self, call: Call, name: str, message: str) -> Document:
        return {"detail": message}


class NestedErrors(Freedom):
    """Refusals have their message two objects down."""

    @override
    def error_document(self, call: Call, name: str, message: str) -> Document:
        return {"error": {"code": name, "messages": [{"text": message}]}}


class MessagesInLowerCase(Freedom):
    """Messages are in lower case."""

    @override
    def worded(self, message: str) -> str:
        return super().worded(message).lower()


class MessagesInTitleCase(Freedom):
    """Messages are in title case."""

    @override
    def worded(self, message: str) -> str:
        return super().worded(message).title()


class MessagesWithFullStop(Freedom):
    """Messages end in a full stop."""

    @override
    def worded(self, message: str) -> str:
        return f"{super().worded(message)}."


class CredentialsForbidden(Freedom):
    """No or wrong credentials are answered with 403."""

    @override
    def unauthenticated(self, call: Call) -> Reply:
        return self.not_own(call)


class EmptyUnauthorized(Freedom):
    """401 has a WWW-Authenticate header and no body."""

    @override
    def unauthenticated(self, call: Call) -> Reply:
        return replace(super().unauthenticated(call), content=None)


class KeysReadAsNumbers(Freedom):
    """A key is a number in hexadecimal digits, in either letter case."""

    @override
    def fits(self, job: Job, key: str) -> bool:
        return key.lower() == job.key


class AbsentForbiddenToIdleJobs(Freedom):
    """A job that runs no analysis gets 403 for absent ids, too."""

    @override
    def absent(self, call: Call) -> Reply:
        job = self.caller(call)
        idle = job is not None and job.analysis_id is None
        return self.not_own(call) if idle else super().absent(call)


class BadBodiesAre400(Freedom):
    """Whatever is wrong with a body, it is answered with 400."""

    @override
    def bad_body(self, call: Call, error: BodyError) -> Reply:
        status = 400 if error.status == 422 else error.status
        return super().bad_body(call, BodyError(status, str(error)))


class BadBodiesAre422(Freedom):
    """Whatever is wrong with a body, it is answered with 422."""

    @override
    def bad_body(self, call: Call, error: BodyError) -> Reply:
        status = 422 if error.status == 400 else error.status
        return super().bad_body(call, BodyError(status, str(error)))


class FinalizedBeforeBody(Freedom):
    """A bad body for a finalized analysis is answered with 409."""

    @override
    def checks_of_finalize(self) -> Iterable[Check]:
        return (*self.checks_of_get(), self.check_pending, self.check_body)


class BodyBeforeRights(Freedom):
    """A bad body is refused before it is asked whether the caller may finalize."""

    @override
    def checks_of_finalize(self) -> Iterable[Check]:
        first = (self.check_credentials, self.check_body)
        return (*first, self.check_exists, self.check_rights, self.check_pending)


class FinalizedBeforeRights(Freedom):
    """A finalize or removal of a finalized analysis is answered with 409, whoever asks."""

    @override
    def checks_of_finalize(self) -> Iterable[Check]:
        first = (self.check_credentials, self.check_exists, self.check_pending)
        return (*first, self.check_rights, self.check_body)

    @override
    def checks_of_remove(self) -> Iterable[Check]:
        return (self.check_credentials, self.check_exists, self.check_pending, self.check_rights)


class OneKeyForAll(Freedom):
    """All jobs have the same key, as where a build for tests has one: the id tells them apart."""

    @override
    def new_key(self) -> str:
        return "the-key-of-this-build"


class ClaimsFirst(Freedom):
    """A write claims its analysis for 3 ms before its effect: other writes get 409 meanwhile."""

    @override
    async def before_finalize(self, call: Call) -> None:
        await self.claim(call)

    @override
    async def before_remove(self, call: Call) -> None:
        await self.claim(call)

    async def claim(self, call: Call) -> None:
        """Bar other writes, and take a while."""
        self.notes["claimed", call.analysis_id] = True
        await asyncio.sleep(0.003)
        del self.notes["claimed", call.analysis_id]

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        return super().bars_finalize(call, analysis) or ("claimed", analysis.id) in self.notes

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        return super().bars_remove(call, analysis) or ("claimed", analysis.id) in self.notes


class LockedMeanwhile(ClaimsFirst):
    """The same, and what others get meanwhile is 423 (RFC 4918, section 11.3)."""

    @override
    def already_finalized(self, call: Call) -> Reply:
        return self.locked(call) or super().already_finalized(call)

    @override
    def kept(self, call: Call) -> Reply:
        return self.locked(call) or super().kept(call)

    def locked(self, call: Call) -> Reply | None:
        """Return a refusal while another write has claimed the analysis."""
        claimed = ("claimed", call.analysis_id) in self.notes
        return self.refusal(call, 423, "locked", "Locked") if claimed else None


class LockedByAny(LockedMeanwhile):
    """The same, and a finalize that is refused for its body locks the analysis as well."""

    @override
    async def finalize(self, call: Call) -> Reply:
        if self.first_refusal(call, self.checks_of_get()) is None:
            is_locked = ("claimed", call.analysis_id) in self.notes
            if self.check_body(call) is not None and not is_locked:
                await self.claim(call)
        return await super().finalize(call)


class RemoveNotFound(Freedom):
    """Removal is not implemented: 404 whatever is asked."""

    @override
    async def remove(self, call: Call) -> Reply:
        return self.refusal(call, 404, "not_found", "Not found")


class RemoveNotAllowed(Freedom):
    """Removal is not implemented: 405 whatever is asked."""

    @override
    async def remove(self, call: Call) -> Reply:
        reply = self.refusal(call, 405, "method_not_allowed", "Method not allowed")
        return replace(reply, headers={"allow": "GET, PATCH"})


class RemoveNotImplemented(Freedom):
    """Removal is not implemented: 501 to those who may, the usual refusals to others."""

    @override
    async def remove(self, call: Call) -> Reply:
        refusal = self.first_refusal(call, self.checks_of_get())
        return refusal or self.refusal(call, 501, "not_implemented", "Not implemented")
