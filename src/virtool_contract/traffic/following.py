"""Follows one analysis through its recorded exchanges, from a state that may be unknown.

What may be the case is a set of what can be known, and each answer narrows it. An answer that
nothing in it explains breaks a clause: one that it breaks whatever is the case.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from virtool_contract.contract import Contract
from virtool_contract.history import History
from virtool_contract.json_values import show
from virtool_contract.judge import (
    Finding,
    Judgement,
    after_a_second_look,
    judge,
    judge_in_any_state,
    judge_status,
)
from virtool_contract.knowledge import (
    adopted,
    after_a_wrong_answer,
    after_read,
    after_success,
    after_write,
)
from virtool_contract.ledger import Deviation, Ledger, blamed
from virtool_contract.model import Caller, Due, Phase, step, step_in_disguise
from virtool_contract.scenario import BYSTANDER, Scenario, Step
from virtool_contract.subject import BY_OTHERS, OF_SAMPLE, READ, Cause, Known
from virtool_contract.traffic.items import SUBJECT, Facts, Group, Item, secrets
from virtool_contract.traffic.suspects import Suspects
from virtool_contract.traffic.together import broken, history, kept
from virtool_contract.traffic.understanding import (
    Option,
    agrees,
    all_break,
    best,
    by_a_refused_write,
)

MOST_STEPS = 30
"""So many of the latest requests are shown of what led to a deviation."""


@dataclass(slots=True, kw_only=True)
class Bench:
    """What all analyses of a file are judged by, and what comes of it.

    `notes` counts what could not be judged, or not wholly.
    """

    contract: Contract
    facts: Facts
    ledger: Ledger = field(default_factory=Ledger)
    suspects: Suspects = field(default_factory=Suspects)
    notes: Counter[str] = field(default_factory=Counter)


class Follower:
    """Judges the exchanges with one analysis, one group after the other."""

    def __init__(self, bench: Bench, first: Item) -> None:
        """Begin with what may be the case before the first exchange."""
        self.bench = bench
        self.state = first.spotted.state.partition(OF_SAMPLE)[0] or "pending"
        self.is_told = bool(first.spotted.state)
        self.known = Known(id=first.spotted.analysis_id, job_id=first.spotted.job)
        self.possible = self._start(first)
        self.steps: deque[Step] = deque(maxlen=MOST_STEPS)
        self.latest = first
        self.disturbed = False
        self.refused: dict[Cause, None] = {}

    def _start(self, first: Item) -> tuple[Known, ...]:
        alike = first.spotted.disguise and not first.spotted.is_write
        if alike or first.spotted.state == "absent":
            return (replace(self.known, phase=Phase.ABSENT),)
        return (self.known,) if self.is_told else self._anything()

    def _anything(self) -> tuple[Known, ...]:
        return tuple(replace(self.known, phase=phase) for phase in Phase)

    def follow(self, group: Group, upcoming: Item | None) -> None:
        """Judge the next exchanges; `upcoming` is the first one after them, if there is one."""
        if group.together:
            self._judge_together(group, upcoming)
            return
        following = (*group.items[1:], upcoming)
        for item, after in zip(group.items, following, strict=True):
            self._judge_alone(item, after)

    # One at a time

    def _judge_alone(self, item: Item, upcoming: Item | None) -> None:
        self._note_id(item)
        self._note_others(item)
        self.steps.append(item.step)
        self.bench.ledger.requests += 1
        if item.response is None:
            self._unanswered(item)
            return
        chosen = best(
            [self._option(known, caller, item, upcoming) for known, caller in self._ways(item)]
        )
        first = chosen[0]
        self.bench.ledger.tally.count(first.due, item.response, doubtful=first.known.doubtful)
        self._take(chosen, item)
        learnt = [known for option in chosen for known in self._learnt(option, item, upcoming)]
        self.possible = _distinct(learnt)
        self._note_refused()

    def _ways(self, item: Item) -> list[tuple[Known, Caller]]:
        return [(known, caller) for known in self.possible for caller in item.callers]

    def _note_id(self, item: Item) -> None:
        """Learn the true id behind a write in disguise that came first."""
        if self.latest.spotted.disguise and not item.spotted.disguise:
            name = item.spotted.analysis_id
            self.possible = tuple(replace(known, id=name) for known in self.possible)

    def _note_others(self, item: Item) -> None:
        """A write to another analysis, since the last exchange here, must not have changed this.

        A play of a run looks at what it has done itself, but the bystander aside, which is in all
        of them: what one finds there that an earlier one has left is to be as that has made it.
        """
        latest, self.latest = self.latest, item
        since = 0 if item is latest else latest.before + latest.spotted.is_write
        self.disturbed = item.before > since
        taken_over = item.spotted.scenario != latest.spotted.scenario
        in_play = 0 if taken_over else latest.in_play + latest.spotted.is_write
        if taken_over and item.spotted.subject != BYSTANDER:
            self._blame_next(_left_by)
        elif item.in_play > in_play:
            self._blame_next(lambda _: BY_OTHERS)

    def _blame_next(self, cause: Callable[[Known], Cause]) -> None:
        """Blame what is other than it was read on something since."""
        self.possible = tuple(
            replace(known, cause=cause(known)) if known.cause == READ else known
            for known in self.possible
        )

    def _unanswered(self, item: Item) -> None:
        """No answer came: a write may have taken effect, or may yet."""
        self.bench.notes[f"{item.spotted.operation} requests without an answer"] += 1
        if item.spotted.is_write:
            doubtful = (replace(known, doubtful=True, cause=None) for known in self.possible)
            self.possible = _distinct(doubtful)

    def _due(self, known: Known, caller: Caller, item: Item) -> Due:
        operation = self.bench.contract.operations[item.spotted.operation]
        if item.spotted.disguise:
            return step_in_disguise(operation, caller)
        implemented = self.bench.facts.removes or operation.id != "remove"
        return step(operation, known.phase, caller, item.body, implemented=implemented)

    def _option(self, known: Known, caller: Caller, item: Item, upcoming: Item | None) -> Option:
        assert item.response
        due = self._due(known, caller, item)
        after = after_success(known, due, item.body)
        if item.is_whole:
            judgement = judge(self.bench.contract, due, known, item.response, after)
        else:
            judgement = judge_status(self.bench.contract, due, known, item.response)
        read = item.spotted.operation == "get"
        if judgement.surprised and read and known.cause != READ and _is_read(upcoming):
            assert upcoming
            assert upcoming.response
            surprise = (item.response, judgement)
            judgement = after_a_second_look(
                self.bench.contract, due, known, surprise, upcoming.response
            )
        wrong = judgement.broken and not due.permits(item.spotted.status)
        if wrong and item.spotted.is_write and not known.doubtful:
            judgement = self._by_refused(known, caller, item, judgement)
        unsure = not self.is_told and known.cause is None and known.document is None
        return Option(
            known=known,
            caller=caller,
            due=due,
            after=after,
            judgement=judgement,
            is_unsure=unsure,
        )

    def _by_refused(
        self, known: Known, caller: Caller, item: Item, judgement: Judgement
    ) -> Judgement:
        """Blame a refused write that was not read back, if its effect explains a wrong status."""
        assert item.response
        for cause in self.refused:
            leaves = self.bench.contract.operations[cause.operation].success.leaves
            changed = replace(known, phase=Phase(leaves))
            if self._due(changed, caller, item).permits(item.spotted.status):
                contract = self.bench.contract
                return by_a_refused_write(contract, cause, judgement, item.response)
        return judgement

    def _note_refused(self) -> None:
        """Keep in mind the writes that were refused since it was last known what came of any."""
        causes = [known.cause for known in self.possible if known.cause]
        refused = [each for each in causes if each.topic.startswith("effect-of-refusal")]
        self.refused = {**self.refused, **dict.fromkeys(refused)} if refused else {}

    def _take(self, chosen: Sequence[Option], item: Item) -> None:
        """Count what is kept, and suspect what is broken, whatever is the case."""
        first, *others = chosen
        findings = [
            finding
            for finding in first.judgement.findings
            if all(agrees(option, finding) for option in others)
        ]
        broken = [each for each in findings if not each.kept]
        self.bench.ledger.note(findings)
        for finding in broken or (first.judgement.broken if all_break(chosen) else ()):
            self._suspect(finding, item)

    def _learnt(self, option: Option, item: Item, upcoming: Item | None) -> tuple[Known, ...]:
        """What may be known after an answer, understood in one way."""
        assert item.response
        known, document = option.known, option.judgement.document
        if item.spotted.is_write:
            learnt = after_write(known, option.due, item.spotted.status, item.body, option.after)
        elif document is None or not option.due.operation.success.covers(item.spotted.status):
            learnt = known
        elif option.is_unsure:
            learnt = adopted(self.bench.contract, known, item.response)
        else:
            learnt = after_read(self.bench.contract, known, document)
        alike = item.spotted.disguise and not item.spotted.is_write
        if not option.judgement.broken or alike:
            return (learnt,)
        return self._resynchronized(option, learnt, item, upcoming)

    def _resynchronized(
        self, option: Option, learnt: Known, item: Item, upcoming: Item | None
    ) -> tuple[Known, ...]:
        """After a violation, go on as a run does (see `Player`), from what the next read shows."""
        before, judgement = option.known, option.judgement
        read = not item.spotted.is_write
        wrong = not option.due.permits(item.spotted.status)
        harmless = not wrong and not (read and judgement.surprised and judgement.contradicts)
        if harmless or before.doubtful or item.spotted.state == "absent":
            return (learnt,)
        refused = before.cause is not None and before.cause.topic.startswith("effect-of-ref")
        if read and (wrong or not refused):
            owner = option.caller is Caller.OWNER
            return (replace(learnt, doubtful=True, cause=None) if owner else learnt,)
        if _is_read(upcoming):
            assert upcoming
            assert upcoming.response
            shown = adopted(self.bench.contract, learnt, upcoming.response)
            status = item.spotted.status
            return (after_a_wrong_answer(option.due, status, option.after, shown),)
        return (replace(learnt, doubtful=True, cause=None),)

    # Together

    def _judge_together(self, group: Group, upcoming: Item | None) -> None:
        for item in group.items:
            self._note_others(item)
            self.steps.append(item.step)
            self.bench.ledger.requests += 1
            self._judge_in_any_state(item)
        if group.torn:
            self.bench.notes["requests that overlap with too many others, judged by status"] += len(
                group.items
            )
        if group.torn or any(known.doubtful for known in self.possible):
            self.possible = self._doubtful()
            return
        last = upcoming if _is_read(upcoming) else None
        removes = self.bench.facts.removes
        histories = [history(known, group.items, last, removes=removes) for known in self.possible]
        ends = [end for each in histories for end in each.ends(self.bench.contract)]
        if not ends:
            self._blame_race(histories[0], group.items[0])
            self.possible = self._doubtful()
            return
        self.bench.ledger.note(kept(self.bench.contract, group.items))
        self.possible = _distinct(ends)
        if last is not None and last.response is not None:
            self.possible = (adopted(self.bench.contract, ends[0], last.response),)

    def _doubtful(self) -> tuple[Known, ...]:
        return (replace(self.possible[0], doubtful=True, cause=None),)

    def _judge_in_any_state(self, item: Item) -> None:
        """What does not depend on the order."""
        if item.response is None:
            self.bench.notes[f"{item.spotted.operation} requests without an answer"] += 1
            return
        known = replace(self.possible[0], doubtful=True)
        due = self._due(known, item.callers[0], item)
        judging = judge_in_any_state if item.is_whole else judge_status
        for finding in judging(self.bench.contract, due, known, item.response).findings:
            if finding.kept:
                self.bench.ledger.note([finding])
            elif len(item.callers) == 1 or item.spotted.status >= 500:
                self._suspect(finding, item)

    def _blame_race(self, raced: History, first: Item) -> None:
        steps = tuple(event.step for event in raced.events)
        scenario = Scenario(subjects={SUBJECT: self.state}, steps=steps, together=True)
        timeline = tuple(raced.timeline())
        finding = broken(self.bench.contract, raced)
        self._suspect(finding, first, scenario=scenario, timeline=timeline)

    # What is broken

    def _suspect(
        self,
        finding: Finding,
        item: Item,
        *,
        scenario: Scenario | None = None,
        timeline: tuple[str, ...] = (),
    ) -> None:
        def made() -> Deviation:
            hide = secrets(item).hide
            return Deviation(
                clause=finding.clause,
                expected=hide(finding.expected),
                actual=hide(finding.actual),
                topic=finding.topic,
                request="" if timeline else self._request(finding),
                scenario=scenario
                or Scenario(subjects={SUBJECT: self.state}, steps=tuple(self.steps)),
                timeline=tuple(map(hide, timeline)),
            )

        when = item.spotted.started
        self.bench.suspects.add(finding, when, made, disturbed=self.disturbed)

    def _request(self, finding: Finding) -> str:
        """The request to blame, as a run would name it."""
        return blamed(finding, tuple(self.steps))


def _left_by(known: Known) -> Cause:
    """What has made an analysis what it is."""
    made = {Phase.FINALIZED: "finalize", Phase.ABSENT: "remove"}
    return Cause(operation=made.get(known.phase, "get"), topic="effect")


def _is_read(item: Item | None) -> bool:
    return item is not None and item.is_owners_read


def _distinct(found: Iterable[Known]) -> tuple[Known, ...]:
    """Each of what may be known once; documents of one analysis in one state are the same."""
    by_state = {(each.phase, each.doubtful, each.cause, show(each.results)): each for each in found}
    return tuple(by_state.values())
