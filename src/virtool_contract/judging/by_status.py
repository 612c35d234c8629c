"""Judges the status of an answer: is it one that is due, and if not, whose clause is that?"""

from collections.abc import Iterator

from virtool_contract.judging.finding import Finding, Judging
from virtool_contract.model import Phase


class ByStatus(Judging):
    """The status against what is due."""

    def in_any_state(self) -> Iterator[Finding]:
        """What holds whatever state the subject is in."""
        rights = {"unauthenticated", "not-own"} & set(self.due.reasons)
        if rights and 200 <= self.status < 300:
            yield from self.wrong_status()

    @property
    def has_crashed_beyond(self) -> bool:
        """Whether there is a 5xx that results beyond I-JSON account for."""
        return self.status >= 500 and self.is_beyond and not self.due.permits(self.status)

    def wrong_status(self) -> Iterator[Finding]:
        """A status that is not due, and whose clause that breaks."""
        if not self.due.refused:
            topic = "success.status" if 200 <= self.status < 300 else f"success.{self.due.kind}"
            lost = self.status == 404 and self.lost()
            yield lost or self.broken(topic, self.due.expected())
        elif not self.after_removal:
            yield self.broken(self.refused(self.due.blamed), self.due.expected())
        else:
            yield from self.not_gone()

    def not_gone(self) -> Iterator[Finding]:
        """After a removal its owner gets 404 on every operation."""
        expected = "404, for the analysis was removed"
        gone = self.broken("effect", expected, operation="remove")
        absent = self.broken(self.refused("absent"), expected)
        yield from (gone, absent) if self.due.operation.id == "get" else (absent, gone)

    def lost(self) -> Finding | None:
        """A read of an analysis that should be there: gone by the last write's doing, if any."""
        cause = self.known.cause
        if self.due.operation.id != "get" or cause is None or not cause.is_write:
            return None
        expected = f"200, the analysis being {self.known.phase}"
        return self.broken(f"{cause.topic}.gone", expected, operation=cause.operation)

    @property
    def after_removal(self) -> bool:
        """Whether the owner asks for what it has removed."""
        return self.known.removed and self.due.reasons == ("absent",)

    def refused(self, reason: str) -> str:
        """The topic of a refusal that is due."""
        if reason == "invalid-body":
            return f"refused.invalid-body.{self.due.flaw}"
        caller = str(self.due.caller).replace(" ", "-")
        return f"refused.{reason}.{caller}"

    def refusal(self) -> Iterator[Finding]:
        """A refusal that is right."""
        if not self.due.refused:
            yield self.kept(f"success.{self.due.kind}")
            return
        for reason in self.due.reasons:
            if reason == "absent" or self.due.lists(reason, self.status):
                yield self.kept(self.refused(reason))
        if self.after_removal:
            yield self.kept("effect", "remove")
        yield from self.preferred()

    def preferred(self) -> Iterator[Finding]:
        """The 403 that others should get where only a 4xx is a must (decision writes-by-others)."""
        if self.due.may_refuse:
            return  # the refusal may be about the body
        if self.due.reasons == ("not-own",) and self.due.operation.takes_body | self.is_remove:
            if self.status == 403:
                yield self.kept("preferred.not-own")
            else:
                yield self.broken("preferred.not-own", "403")

    @property
    def is_remove(self) -> bool:
        """Whether the operation removes."""
        return self.due.operation.success.leaves == Phase.ABSENT

    def status_class(self) -> Iterator[Finding]:
        """No 5xx, and none that is not listed."""
        if self.is_beyond:
            return
        permitted = self.due.permits(self.status)
        if self.status >= 500 and not permitted:
            yield self.broken("server-error", "no 5xx")
            return
        yield self.kept("server-error")
        if permitted or self.due.operation.lists(self.status):
            yield self.kept("status")
        else:
            listed = ", ".join(answer.status for answer in self.due.operation.answers)
            yield self.broken("status", f"one of {listed}")
