"""Drafts waivers: an entry for each way in which a target was seen to break a clause."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import yaml

from virtool_contract.contract import Contract
from virtool_contract.ledger import Ledger
from virtool_contract.likeness import by_anybody, loose, matches
from virtool_contract.option_values import EFFORTS
from virtool_contract.options import OptionError
from virtool_contract.verdict import Verdict, Verdicts, counts_against
from virtool_contract.waivers import Waiver, Waivers, load

REASON = "drafted by verify --write-waivers; say here why this may stay for now"
DAYS = 90
"""A draft holds for so long."""
FEW = 10
"""What shows less often in a run, and not in the promises, may well not show with another seed."""
CALLERS = 3
"""If so many callers are answered in the same way, it does not matter who asks."""
PATIENCE = 2
"""After so many runs that each showed a clause broken in a new way, a looser text is drafted."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A file of waivers, and the entries to append to it.

    `rounds` counts the runs in which each clause was seen to break in a new way.
    """

    path: str
    contract: Contract
    before: str
    kept: Waivers
    strict: bool = False
    entries: list[Waiver] = field(default_factory=list)
    rounds: Counter[str] = field(default_factory=Counter)

    @classmethod
    def begin(cls, path: str, contract: Contract, *, strict: bool) -> "Draft":
        """Take in what the file holds, if there is one.

        Raises:
            OptionError: it is wrong, or nothing can be appended to it.
        """
        file = Path(path)
        if not file.parent.is_dir() or file.is_dir():
            raise OptionError(f"--waivers: {path!r} cannot be written; try ./waivers.yaml")
        kept = load(path if file.exists() else None, contract)
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        draft = cls(path=path, contract=contract, before=text, kept=kept, strict=strict)
        draft._margin()  # which complains, before anything is sent
        return draft

    def learn(self, verdicts: Verdicts, ledger: Ledger) -> bool:
        """Draft an entry for each deviation that counts; false where there is nothing new."""
        fresh = [
            waiver
            for verdict in verdicts.clauses
            if verdict.deviation and counts_against(verdict.clause, strict=self.strict)
            for waiver in self._drafted(verdict, ledger.others.get(verdict.clause.id, ()))
            if not self._is_left_to_people(waiver)
        ]
        new = [each for each in fresh if each not in self.entries]
        self.rounds.update({waiver.clause for waiver in new})
        self.entries = _simplified([*self.entries, *map(self._loosened, new)])
        return bool(new)

    def _drafted(self, verdict: Verdict, others: Iterable[str]) -> Iterator[Waiver]:
        deviation = verdict.deviation
        assert deviation
        waiver = Waiver(
            clause=verdict.clause.id,
            reason=REASON,
            expires=self.kept.today + timedelta(days=DAYS),
            intermittent=deviation.frequency != "always",
        )
        if verdict.clause.race and deviation.scenario.together:
            yield waiver  # whatever it does: what a race shows is another thing each time
            return
        yield replace(waiver, observed=deviation.likeness)
        for observed in others:
            if observed != deviation.likeness:
                yield replace(waiver, observed=observed)

    def _is_left_to_people(self, waiver: Waiver) -> bool:
        """Whether an entry of the file is about this, and past its date: to renew it is theirs."""
        return any(
            each.clause == waiver.clause
            and (not each.observed or matches(each.observed, waiver.observed))
            for each in self.kept.entries
        )

    def _loosened(self, waiver: Waiver) -> Waiver:
        if self.rounds[waiver.clause] <= PATIENCE or not waiver.observed:
            return waiver
        return replace(waiver, observed=loose(waiver.observed))

    def prove(self, verdicts: Verdicts, *, in_effect: bool) -> None:
        """Note what a run did not show that the draft was in effect in, lest a gate flakes."""
        if in_effect:
            hits = _hits(verdicts)
            self.entries = [
                replace(each, intermittent=each.intermittent or not hits[_key(each)])
                for each in self.entries
            ]

    def limit_to_effort(self, effort: str, quick: Verdicts, last: Verdicts) -> None:
        """Note what a quick run does not show, and a last one of more effort does, with luck."""
        at_quick, at_last = _hits(quick), _hits(last)
        for index, each in enumerate(self.entries):
            if not at_quick[_key(each)]:
                rare = at_last[_key(each)] < FEW
                self.entries[index] = replace(
                    each, effort=effort, intermittent=each.intermittent or rare
                )

    def save(self) -> None:
        """Write the file: what it held as it was, and the drafts behind it.

        Raises:
            OptionError: it cannot be written.
        """
        if not self.entries:
            return
        try:
            Path(self.path).write_text(self.text(), encoding="utf-8")
        except OSError as error:
            raise OptionError(
                f"--waivers: {self.path!r} cannot be written ({error.strerror}); try ./waivers.yaml"
            ) from None

    def text(self) -> str:
        """The file as it is to be."""
        drafts = "".join(map(_shown, self.entries))
        before = self.before
        if before and not before.endswith("\n"):
            before += "\n"
        return before + textwrap.indent(drafts, " " * self._margin())

    def _margin(self) -> int:
        """How far the entries of the file stand from its margin.

        Raises:
            OptionError: they are in brackets, or the file ends with `...`.
        """
        root = yaml.compose(self.before, Loader=yaml.SafeLoader)
        if not isinstance(root, yaml.CollectionNode):
            return 0
        ended = self.before.rstrip().endswith("\n...")
        if root.flow_style or ended:
            raise OptionError(
                f"{self.path}:{root.start_mark.line + 1}: nothing can be appended to this list; "
                "try one entry after `- ` on each line, without brackets or a final `...`"
            )
        return int(root.start_mark.column)


def _simplified(entries: list[Waiver]) -> list[Waiver]:
    """One entry where it does not matter who asks; and none that another one covers."""
    askers = Counter((each.clause, by_anybody(each.observed)) for each in entries)
    wide = [
        replace(each, observed=by_anybody(each.observed))
        if askers[each.clause, by_anybody(each.observed)] >= CALLERS
        else each
        for each in entries
    ]
    unique = {_key(each): each for each in reversed(wide)}
    return [
        each
        for each in reversed(unique.values())
        if not any(_covers(other, each) for other in unique.values() if other is not each)
    ]


def _covers(wide: Waiver, narrow: Waiver) -> bool:
    if wide.clause != narrow.clause:
        return False
    return not wide.observed or matches(wide.observed, narrow.observed)


def _hits(verdicts: Verdicts) -> Counter[tuple[str, str]]:
    """How often each waiver was needed in a run."""
    waived = [each for verdict in verdicts.clauses for each in verdict.waived]
    return Counter({_key(each.waiver): each.count for each in waived})


def _key(waiver: Waiver) -> tuple[str, str]:
    return waiver.clause, waiver.observed


def _shown(waiver: Waiver) -> str:
    return yaml.safe_dump([_row(waiver)], sort_keys=False, allow_unicode=True, width=10_000)


def _row(waiver: Waiver) -> dict[str, object]:
    row: dict[str, object] = {
        "clause": waiver.clause,
        "reason": waiver.reason,
        "expires": waiver.expires,
    }
    if waiver.observed:
        row["observed"] = waiver.observed
    if waiver.effort != EFFORTS[0]:
        row["effort"] = waiver.effort
    if waiver.intermittent:
        row["intermittent"] = True
    return row
