"""Holds one answer against what is due: findings, each naming the clause it is about. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from virtool_contract.contract import Contract
from virtool_contract.documents import changed, seen
from virtool_contract.exchange import Response
from virtool_contract.judging.by_document import ByDocument
from virtool_contract.judging.by_error_body import ByErrorBody
from virtool_contract.judging.by_status import ByStatus
from virtool_contract.judging.finding import Finding, Judgement, describe
from virtool_contract.model import Due
from virtool_contract.subject import READ, Known

__all__ = [
    "Finding",
    "Judgement",
    "after_a_second_look",
    "describe",
    "judge",
    "judge_in_any_state",
    "judge_status",
]


def judge(
    contract: Contract, due: Due, known: Known, response: Response, after: Known | None = None
) -> Judgement:
    """Judge one answer by status, headers and body, against what is due and what is known.

    `after` is the knowledge that a success leaves behind, where that is another than `known`.
    """
    judging = _Whole(contract, due, known, response, after or known)
    findings = tuple(judging.findings())
    return Judgement(
        findings=findings,
        document=judging.document,
        surprised=judging.surprised,
        contradicts=judging.contradicts,
    )


def judge_status(contract: Contract, due: Due, known: Known, response: Response) -> Judgement:
    """Judge one answer whose body was not recorded."""
    return Judgement(findings=tuple(_Bare(contract, due, known, response, known).findings()))


def judge_in_any_state(contract: Contract, due: Due, known: Known, response: Response) -> Judgement:
    """Judge what holds whatever state the analysis is in by now: rights, and a document's form."""
    doubtful = replace(known, doubtful=True)
    judging = _InAnyState(contract, due, doubtful, response, doubtful)
    return Judgement(findings=tuple(judging.findings()))


def after_a_second_look(
    contract: Contract,
    due: Due,
    known: Known,
    surprise: tuple[Response, Judgement],
    again: Response,
) -> Judgement:
    """Judge a surprising read once more, by another one with no request in between.

    A surprise may be the read's own fault, not the last write's: then reads disagree. A read that
    was merely late, and agrees at the second look, is the write's fault still.
    """
    response, first = surprise
    second = judge(contract, due, known, again)
    if not second.surprised or second.document is None or first.document is None:
        return first
    if changed(contract, seen(contract, first.document), second.document) is None:
        return first
    return judge(contract, due, replace(known, cause=READ), response)


class _Bare(ByStatus):
    """The part of a judgement that needs no body."""

    def findings(self) -> Iterator[Finding]:
        if self.has_crashed_beyond:
            yield self.broken_beyond(self.due.expected())
        elif self.known.doubtful:
            yield from self.in_any_state()
        elif not self.due.permits(self.status):
            yield from self.wrong_status()
        elif self.due.refused or not self.due.operation.success.covers(self.status):
            yield from self.refusal()
        yield from self.status_class()


class _InAnyState(ByStatus, ByDocument):
    """The part of a judgement that needs no state."""

    def findings(self) -> Iterator[Finding]:
        yield from self.in_any_state()
        if self.due.operation.success.covers(self.status) and not self.due.refused:
            yield from self.success()
        yield from self.status_class()


class _Whole(ByStatus, ByErrorBody, ByDocument):
    """All parts of a judgement."""

    def findings(self) -> Iterator[Finding]:
        if self.has_crashed_beyond:
            yield self.broken_beyond(self.due.expected())
        elif self.known.doubtful:
            yield from self.in_any_state()
        elif self.due.permits(self.status):
            if self.due.operation.success.covers(self.status) and not self.due.refused:
                yield from self.success()
            else:
                yield from self.refusal()
        else:
            yield from self.wrong_status()
        yield from self.status_class()
        if self.status >= 400:
            yield from self.error_body()
