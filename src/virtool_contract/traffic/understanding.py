"""One way to understand a recorded answer, and which ways are the best. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from virtool_contract.contract import Contract
from virtool_contract.exchange import Response
from virtool_contract.judge import Finding, Judgement, describe
from virtool_contract.model import Caller, Due
from virtool_contract.subject import Cause, Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to understand an answer: what was known, who asked, and what it then shows.

    `is_unsure` says that the state before was only supposed.
    """

    known: Known
    caller: Caller
    due: Due
    after: Known
    judgement: Judgement
    is_unsure: bool

    @property
    def fits(self) -> bool:
        """Whether the status is right, so that this may have been the case."""
        return self.known.doubtful or not any(
            each.topic.startswith(("success", "refused")) for each in self.judgement.broken
        )


def best(options: Sequence[Option]) -> list[Option]:
    """The ways to understand an answer that need the fewest violations, a right status first."""
    if len(options) == 1:
        return list(options)
    fitting = [option for option in options if option.fits] or list(options)
    fewest = min(len(option.judgement.broken) for option in fitting)
    return [option for option in fitting if len(option.judgement.broken) == fewest]


def by_a_refused_write(
    contract: Contract, cause: Cause, judgement: Judgement, response: Response
) -> Judgement:
    """Blame a wrong status on the refused write before it, which has taken effect all the same.

    A run reads after each write, and so finds that out before the next one.
    """
    others = [
        each
        for each in judgement.findings
        if each.kept or not each.topic.startswith(("success", "refused"))
    ]
    finding = Finding(
        clause=contract.clause_for(cause.operation, cause.topic),
        kept=False,
        expected=f"no effect of the {cause.operation} that was refused",
        actual=describe(response),
        topic=cause.topic,
        operation=cause.operation,
    )
    return replace(judgement, findings=(finding, *others))


def agrees(option: Option, finding: Finding) -> bool:
    """Whether a clause comes out the same in another way to understand the answer."""
    return any(
        (each.clause, each.kept) == (finding.clause, finding.kept)
        for each in option.judgement.findings
    )


def all_break(options: Iterable[Option]) -> bool:
    """Whether there is something wrong however the answer is understood."""
    return all(option.judgement.broken for option in options)
