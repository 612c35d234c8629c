"""Findings, and what all parts of a judgement share. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from virtool_contract.body import Kind
from virtool_contract.contract import Contract
from virtool_contract.exchange import Response
from virtool_contract.json_values import Json
from virtool_contract.model import Due
from virtool_contract.subject import Known

SHOWN_BODY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A clause that was kept, or broken with what was expected and what came instead.

    Of broken clauses, `topic` is what was looked at, as in the contract's `judges`, and
    `operation` is the one that it was looked up in.
    """

    clause: str
    kept: bool
    expected: str = ""
    actual: str = ""
    topic: str = ""
    operation: str = ""


@cache
def kept(clause: str) -> Finding:
    """That a clause is kept; every answer has a dozen of these."""
    return Finding(clause=clause, kept=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one answer shows; `document` is the answer's document where there is one.

    `surprised` says that the document is not the one that was known, `contradicts` that this is
    about its state: `ready`, or the results.
    """

    findings: tuple[Finding, ...]
    document: Mapping[str, Json] | None = None
    surprised: bool = False
    contradicts: bool = False

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The findings of broken clauses, the most telling first."""
        return tuple(finding for finding in self.findings if not finding.kept)


def describe(response: Response) -> str:
    """An answer for a message: status, media type and the first bytes of the body, in ASCII."""
    text = ascii(response.body[:SHOWN_BODY].decode(errors="replace"))[1:-1]
    more = "…" if len(response.body) > SHOWN_BODY else ""
    return " ".join(
        filter(None, (str(response.status), ascii(response.media_type)[1:-1], text + more))
    )


class Judging:
    """One judgement in the making: the four inputs, and the document once it is parsed."""

    def __init__(
        self, contract: Contract, due: Due, known: Known, response: Response, after: Known
    ) -> None:
        """Keep the inputs; `after` is what is known once the request has succeeded."""
        self.contract = contract
        self.due = due
        self.known = known
        self.after = after
        self.response = response
        self.document: Mapping[str, Json] | None = None
        self.surprised = False
        self.contradicts = False

    @property
    def is_beyond(self) -> bool:
        """Whether results beyond I-JSON are, or may be, in the analysis.

        `finalize.beyond-i-json` alone answers for all that comes of them (decision freeform).
        """
        return Kind.BEYOND_I_JSON in (self.due.kind, self.known.results_kind)

    def broken_beyond(self, expected: str, actual: str = "") -> Finding:
        """The clause about results beyond I-JSON is broken."""
        return self.broken(f"success.{Kind.BEYOND_I_JSON}", expected, actual, operation="finalize")

    @property
    def status(self) -> int:
        """The status that came."""
        return self.response.status

    def clause(self, topic: str, operation: str | None = None) -> str:
        """The clause that answers for a topic, of this operation or another."""
        by = self.due.operation.id if operation is None else operation
        return self.contract.clause_for(by, topic)

    def kept(self, topic: str, operation: str | None = None) -> Finding:
        """The clause of a topic is kept."""
        return kept(self.clause(topic, operation))

    def broken(
        self, topic: str, expected: str, actual: str = "", operation: str | None = None
    ) -> Finding:
        """The clause of a topic is broken; without `actual`, the answer is described."""
        return Finding(
            clause=self.clause(topic, operation),
            kept=False,
            expected=expected,
            actual=actual or describe(self.response),
            topic=topic,
            operation=self.due.operation.id if operation is None else operation,
        )
