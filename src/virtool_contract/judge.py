"""Holds one answer against what is due: findings, each naming the clause it is about. Pure."""

from collections.abc import Iterator

from virtool_contract.contract import Contract
from virtool_contract.exchange import Response
from virtool_contract.judging.by_document import ByDocument
from virtool_contract.judging.by_error_body import ByErrorBody
from virtool_contract.judging.by_status import ByStatus
from virtool_contract.judging.finding import Finding, Judgement, describe
from virtool_contract.model import Due
from virtool_contract.subject import Known

__all__ = ["Finding", "Judgement", "describe", "judge"]


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


class _Whole(ByStatus, ByErrorBody, ByDocument):
    """All parts of a judgement."""

    def findings(self) -> Iterator[Finding]:
        if self.known.doubtful:
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
