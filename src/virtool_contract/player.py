"""Plays steps against a target: sends each, has it judged, and learns from the answer."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from virtool_contract.exchange import Exchange, Response
from virtool_contract.json_values import Json, NotJsonError, parse
from virtool_contract.judge import Finding, Judgement, after_a_second_look, judge
from virtool_contract.knowledge import (
    adopted,
    after_a_wrong_answer,
    after_read,
    after_success,
    after_write,
)
from virtool_contract.ledger import Deviation, Ledger, Violation, alike, blamed
from virtool_contract.model import Caller, Due, Phase, step, step_in_disguise
from virtool_contract.provider import check_pending
from virtool_contract.scenario import BYSTANDER, Scenario, Step, needed
from virtool_contract.sender import Sender
from virtool_contract.subject import BY_OTHERS, READ, Known, Subject
from virtool_contract.target import UNAVAILABLE, Target, Unobserved

FIRST_RESULTS: Mapping[str, Json] = {"foo": "bar"}
"""What an analysis is finalized with where it does not matter."""
NO_ANSWER = Response(status=0, headers=(), body=b"", elapsed=0.0)
"""What stands for the response where none came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One judged answer: what was due, what came, and what that shows."""

    due: Due
    response: Response
    judgement: Judgement

    @property
    def accepted(self) -> bool:
        """Whether the request took effect, by its status."""
        return self.due.operation.success.covers(self.response.status)


class Player(Sender):
    """Plays steps on subjects of one target.

    Broken clauses go into the ledger and the play goes on from what the target now holds, so
    that one play shows all that is wrong. With `raises`, the first broken clause that is not in
    `muted` ends the play, which is what hypothesis needs to shrink it. What a waiver covers is
    counted apart, raises nothing and mutes nothing; `spared` is what turned out to be such a
    deviation's doing, by clause and likeness.
    """

    def __init__(
        self,
        target: Target,
        ledger: Ledger | None = None,
        *,
        raises: bool = False,
        muted: frozenset[str] = frozenset(),
    ) -> None:
        """Set up nothing yet; subjects come as they are asked for."""
        super().__init__(target, ledger)
        self.raises = raises
        self.muted = muted
        self.spared: frozenset[tuple[str, str]] = frozenset()
        self.before_raising: Callable[[Violation], None] = lambda _violation: None
        self.subjects: dict[str, Subject] = {}
        self._states: dict[str, str] = {}
        self._is_certain = True
        self._sent_before = target.api.sent
        self._pauses_before = target.api.pauses

    def enter(self, subject: Subject) -> None:
        """Take a subject in under its label."""
        self.subjects[subject.label] = subject
        self._states[subject.label] = subject.state

    def play(self, subject: Subject, move: Step) -> Answer:
        """Send one step and judge it.

        Raises:
            Violation: with `raises`, a clause that is not muted is broken.
            TargetTroubleError: no answer came.
            ProviderError: an analysis that nobody has read turns out to be finalized already.
            Unobserved: a write to an id that should be nobody's, and may be somebody's.
            UnknownStateError: the caller needs a job that the provider cannot set up.
        """
        contract = self.target.contract
        operation = contract.operations[move.operation]
        known = subject.known
        implemented = self.target.removes or operation.id != "remove"
        if move.disguise:
            due = step_in_disguise(operation, move.caller)
        else:
            due = step(operation, known.phase, move.caller, move.body, implemented=implemented)
        if operation.id != "get" and not self.may_write(subject, move.disguise):
            raise Unobserved("a write to an id that should be nobody's could reach somebody's")
        self.steps.append(move)
        exchange = self._exchange(subject, move)
        if exchange.response is None or self._was_first_obeyed(known, due, move, exchange):
            return self._unanswered(subject, due, exchange)
        response = exchange.response
        if response.status in UNAVAILABLE and not self.target.is_alive():
            raise self._gone(replace(exchange, failure=f"it answers {response.status}"))
        after = after_success(known, due, move.body)
        judgement = judge(contract, due, known, response, after)
        if judgement.surprised and operation.id == "get" and known.cause != READ:
            judgement = self._second_look(subject, due, response, judgement)
        answer = Answer(due=due, response=response, judgement=judgement)
        self.ledger.tally.count(due, response, doubtful=known.doubtful)
        self.ledger.note(judgement.findings)
        self._learn(subject, move, answer, after)
        if judgement.broken:
            self._check_provider(subject, known, answer, move)
            self._blame(judgement.broken)
            self._resynchronize(subject, known, answer, after)
        return answer

    def _second_look(
        self, subject: Subject, due: Due, response: Response, judgement: Judgement
    ) -> Judgement:
        """Have the owner read once more (see `after_a_second_look`)."""
        again = self.response(subject, Step(subject=subject.label, operation="get"))
        known, contract = subject.known, self.target.contract
        return after_a_second_look(contract, due, known, (response, judgement), again)

    def _check_provider(self, subject: Subject, known: Known, answer: Answer, move: Step) -> None:
        """See to it that a target is not accused of refusing what was handed out finalized.

        After another write, it may be that one's doing that the analysis is finalized.

        Raises:
            ProviderError: it was, as a read shows; not by what this step has sent.
        """
        due = answer.due
        unread = known.document is None and known.phase is Phase.PENDING and not known.doubtful
        first = all(each.operation == "get" for each in self.steps[:-1])
        finalized = step(due.operation, Phase.FINALIZED, move.caller, move.body)
        if due.refused or not (unread and first) or not finalized.permits(answer.response.status):
            return
        response = self.response(subject, Step(subject=subject.label, operation="get"))
        with suppress(NotJsonError):
            document = parse(response.body)
            sent = move.body.results if move.body else None
            if not isinstance(document, dict) or document.get("results") != sent:
                check_pending(subject.known.id, document)

    def report(self, findings: Iterable[Finding]) -> None:
        """Take in what somebody else, such as schemathesis, found about the last answer.

        Raises:
            Violation: as `play`.
        """
        found = tuple(findings)
        self.ledger.note(found)
        self._blame(tuple(finding for finding in found if not finding.kept))

    def _was_first_obeyed(self, known: Known, due: Due, move: Step, exchange: Exchange) -> bool:
        """Whether a write that was sent twice had its effect at first, by what is said of it now.

        Then what is missing is its answer.
        """
        if not exchange.lost or exchange.response is None or due.refused:
            return False
        after = after_success(known, due, move.body).phase
        again = step(due.operation, after, move.caller, move.body)
        status = exchange.response.status
        return due.operation.id != "get" and again.permits(status) and not due.permits(status)

    def _unanswered(self, subject: Subject, due: Due, exchange: Exchange) -> Answer:
        """No answer came: the target is gone, or this request is more than it can take.

        The latter counts as a server error; replays tell it from trouble on the way.

        Raises:
            TargetTroubleError: the target is gone.
        """
        if not self.target.is_alive():
            raise self._gone(exchange)
        self.ledger.tally.count(due, NO_ANSWER, doubtful=subject.known.doubtful)
        finding = Finding(
            clause=self.target.contract.clause_for(due.operation.id, "server-error"),
            kept=False,
            expected="an answer",
            actual=f"none: {exchange.failure or exchange.lost}",
        )
        if finding.clause not in self.muted:
            self.ledger.add(replace(self._deviation(finding), unanswered=True))
        move = Step(subject=subject.label, operation="get")
        if subject.credentials is not None:
            response = self.response(subject, move)
            known = adopted(self.target.contract, subject.known, response)
            if due.operation.id != "get":  # it may yet happen, and no read is to blame then
                known = replace(known, doubtful=True, cause=None)
            subject.known = known
        return Answer(due=due, response=NO_ANSWER, judgement=Judgement(findings=(finding,)))

    def _learn(self, subject: Subject, move: Step, answer: Answer, after: Known) -> None:
        """Take in what an answer says about its subject, and whom a write could have touched."""
        known, due, document = subject.known, answer.due, answer.judgement.document
        if due.operation.id == "get":
            if answer.accepted and document is not None:
                subject.known = after_read(self.target.contract, known, document)
            return
        for other in self.subjects.values():
            if other is not subject and other.known.cause == READ:
                other.known = replace(other.known, cause=BY_OTHERS)
        subject.known = after_write(known, due, answer.response.status, move.body, after)

    def _blame(self, broken: tuple[Finding, ...]) -> None:
        found = [each for each in broken if not self._is_waived(each) and not self._is_spared(each)]
        fresh = [finding for finding in found if finding.clause not in self.muted]
        if fresh and self.raises:
            violation = Violation(self.target.contract, self._deviation(fresh[0]))
            self.before_raising(violation)
            raise violation
        for finding in found:
            self._take_in(finding)

    def _take_in(self, finding: Finding) -> None:
        if finding.clause not in self.muted and finding.clause not in self.ledger.deviations:
            self.ledger.add(self._deviation(finding))
            return
        way = self._likeness(finding)
        self.ledger.suspect(finding.clause, way, lambda: self._deviation(finding))

    def _is_spared(self, finding: Finding) -> bool:
        return bool(self.spared) and (finding.clause, self._likeness(finding)) in self.spared

    def _likeness(self, finding: Finding) -> str:
        return alike(self._request(finding), finding.topic, finding.actual)

    def _is_waived(self, finding: Finding) -> bool:
        """Count what a waiver covers.

        What came is compared with its key in it: the `***` of a report, which a waiver may quote,
        stands for anything.
        """
        if not self.target.waivers.of(finding.clause):
            return False
        covering = self.target.waivers.covering(
            finding.clause, self._request(finding), finding.actual
        )
        return self.ledger.waive(covering, lambda: self._deviation(finding))

    def _deviation(self, finding: Finding) -> Deviation:
        return Deviation(
            clause=finding.clause,
            expected=self.target.api.secrets.hide(finding.expected),
            actual=self.target.api.secrets.hide(finding.actual),
            topic=finding.topic,
            request=self._request(finding),
            scenario=self.scenario(),
        )

    def _request(self, finding: Finding) -> str:
        return blamed(finding, self.steps)

    def scenario(self) -> Scenario:
        """What has been played so far."""
        return Scenario(subjects=needed(self._states, self.steps), steps=tuple(self.steps))

    def _resynchronize(self, subject: Subject, before: Known, answer: Answer, after: Known) -> None:
        """After a violation, find out what state the subject is in now, and go on from there.

        What broke but has nothing to do with the state, such as a missing member, changes nothing
        here. After a wrong answer to a write, or an effect of a refused one, the target's word is
        taken (one GET); it is `after` where that says that what was due has happened. A read that
        contradicts an acknowledged write, or another read, leaves the subject doubtful: to take
        either for the truth would accuse the next request.
        """
        read = answer.due.operation.id == "get"
        wrong_status = not answer.due.permits(answer.response.status)
        if not wrong_status and not (read and answer.judgement.surprised):
            return
        refused = answer.due.refused and 300 <= answer.response.status < 500
        self._is_certain = self._is_certain and wrong_status and refused  # only another refusal
        if not wrong_status and not answer.judgement.contradicts and subject.label != BYSTANDER:
            return  # another document, but no other state; the read has told us of it
        if subject.label == BYSTANDER:
            self.target.replace_bystander()
            self.subjects.pop(BYSTANDER, None)
        elif subject.credentials is not None and not before.doubtful:
            refused = before.cause is not None and before.cause.topic.startswith("effect-of-ref")
            if read and (wrong_status or not refused):
                if answer.due.caller is Caller.OWNER:
                    subject.known = replace(subject.known, doubtful=True, cause=None)
                return
            response = self.response(subject, Step(subject=subject.label, operation="get"))
            shown = adopted(self.target.contract, subject.known, response)
            status = answer.response.status
            subject.known = after_a_wrong_answer(answer.due, status, after, shown)

    def _can_serve(self, subject: Subject) -> bool:
        """Whether a subject may serve another play: nothing has cast doubt on any state here.

        It was read last, so that no write of this play is to blame for what the next one finds; a
        removed one cannot be read, and nothing can become of it.
        """
        known = subject.known
        if known.doubtful or not self._is_certain:
            return False
        usual = known.phase is Phase.FINALIZED and known.results == FIRST_RESULTS
        return known.removed or (known.cause == READ and (usual or known.phase is Phase.PENDING))

    def close(self) -> None:
        """Give back the subjects."""
        for label, subject in self.subjects.items():
            if label == BYSTANDER or subject.credentials is None:
                continue
            can_serve = self._can_serve(subject)
            if not (can_serve and self.target.keeps(subject)):
                self.target.give_back(subject, can_serve=can_serve)
        self.target.api.guard.dismiss(
            subject.known.id for subject in self.subjects.values() if subject.credentials is None
        )
        self.ledger.requests += self.target.api.sent - self._sent_before
        if pauses := self.target.api.pauses - self._pauses_before:
            self.ledger.troubles.append(f"the target had requests wait (429): {pauses}")
