"""From recorded traffic to a ledger: what it shows of each clause."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from virtool_contract.contract import Clause, Contract
from virtool_contract.json_values import Json
from virtool_contract.ledger import Ledger
from virtool_contract.traffic.following import Bench, Follower
from virtool_contract.traffic.items import Facts, Group, groups, item
from virtool_contract.traffic.reading import Traffic
from virtool_contract.traffic.spool import Ordered, Spool
from virtool_contract.traffic.spotted import Place, Spotted, spot
from virtool_contract.waivers import Waivers

UNSEEN = "this traffic does not show it"
UNTOLD = "this traffic does not tell who asks"
BY_CALLER = ("refused.not-own", "refused.unauthenticated", "preferred.not-own", "leak")
"""The topics that take a caller who is known not to be the owner."""


@dataclass(slots=True, kw_only=True)
class Survey:
    """What is found out about a file while it is read.

    `left_out` counts entries by the reason why; `removals` are the statuses of answers to Remove.
    """

    hosts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    removals: set[int] = field(default_factory=set)
    shows_credentials: bool = False
    tells_callers: bool = False

    def note(self, spotted: Spotted) -> None:
        """Take in one exchange."""
        self.hosts[spotted.host] += 1
        self.tells_callers |= bool(spotted.caller)
        self.shows_credentials |= bool(spotted.credentials) and not spotted.caller
        if spotted.operation == "remove":
            self.removals.add(spotted.status)

    def facts(
        self, contract: Contract, about: Mapping[str, Json], extra: Mapping[str, Json]
    ) -> Facts:
        """What holds for the file; Remove counts as not implemented if it never did anything."""
        remove = contract.operations["remove"]
        refused = self.removals & remove.unimplemented
        done = any(map(remove.success.covers, self.removals)) or 409 in self.removals
        told = about.get("_removes")
        removes = told if isinstance(told, bool) else done or not refused
        return Facts(removes=removes, shows_credentials=self.shows_credentials, extra=extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """What recorded traffic shows; `count` exchanges with analyses at `hosts` were in it."""

    ledger: Ledger
    hosts: tuple[str, ...]
    count: int
    removes: bool


def validate(
    traffic: Traffic,
    contract: Contract,
    place: Place,
    *,
    extra: Mapping[str, Json],
    waivers: Waivers,
) -> Validated:
    """Judge all exchanges of a file.

    Raises:
        TrafficError: it is no recorded traffic.
    """
    survey = Survey()
    with Spool() as spool:
        for where, entry in traffic.entries():
            spotted = spot(contract, place, entry, where)
            if isinstance(spotted, str):
                survey.left_out[spotted] += 1
                continue
            survey.note(spotted)
            spool.add(spotted)
        bench = Bench(contract=contract, facts=survey.facts(contract, traffic.about, extra))
        for ordered in spool.by_analysis():
            _follow(bench, ordered)
        count = len(spool)
    bench.suspects.settle(bench.ledger, waivers)
    bench.ledger.troubles += _notes(traffic, survey, bench)
    for clause in contract.clauses.values():
        if not bench.ledger.observed(clause.id):
            bench.ledger.excuse(clause.id, _excuse(clause, survey))
    return Validated(
        ledger=bench.ledger,
        hosts=tuple(sorted(survey.hosts)),
        count=count,
        removes=bench.facts.removes,
    )


def _follow(bench: Bench, ordered: Iterator[Ordered]) -> None:
    """Follow one analysis."""
    operations = bench.contract.operations
    items = (
        item(each, bench.facts, takes_body=operations[each[0].operation].takes_body)
        for each in ordered
    )
    follower: Follower | None = None
    for group, following in _with_next(groups(items)):
        if follower is None:
            follower = Follower(bench, group.items[0])
        follower.follow(group, following.items[0] if following else None)


def _with_next(found: Iterable[Group]) -> Iterator[tuple[Group, Group | None]]:
    """Each group with the one after it."""
    before: Group | None = None
    for group in chain(found, (None,)):
        if before is not None:
            yield before, group
        before = group


def _notes(traffic: Traffic, survey: Survey, bench: Bench) -> Iterator[str]:
    """What was not judged, or not wholly."""
    if comment := traffic.about.get("comment"):
        yield f"the file says: {comment}"
    for why, count in sorted(survey.left_out.items()):
        yield f"{count} entries left out: {why}"
    for what, count in sorted(bench.notes.items()):
        yield f"{count} {what}"


def _excuse(clause: Clause, survey: Survey) -> str:
    by_caller = any(topic.startswith(BY_CALLER) for topic in clause.judges)
    return UNTOLD if by_caller and not survey.tells_callers else UNSEEN
