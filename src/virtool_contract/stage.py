"""Where promises are played: fresh subjects in every state, and the moves of a play by name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from virtool_contract.body import Body, finalize_body
from virtool_contract.disguises import disguised, similar_ids
from virtool_contract.json_values import Json
from virtool_contract.model import Caller, Phase
from virtool_contract.player import FIRST_RESULTS, Answer, Player
from virtool_contract.provider import check_pending
from virtool_contract.scenario import BYSTANDER, Step
from virtool_contract.subject import BY_OTHERS, FINISHED, Cause, Known, Subject
from virtool_contract.target import Unobserved

MADE_SO: Mapping[Phase, tuple[str, Body | None]] = {
    Phase.FINALIZED: ("finalize", finalize_body(dict(FIRST_RESULTS))),
    Phase.ABSENT: ("remove", None),
}
"""What has made an analysis that is left over what it is."""
EARLY = "early"
"""The label of one that an early play has left finalized (see `Stage.left_over`)."""
NO_REMOVE = "Remove is not implemented"


class Stage(Player):
    """A player with a cast: subjects in each state, a bystander, and moves that read back."""

    _looks_around = True

    def pending(
        self, *, files: bool = True, sample_of: Subject | None = None, fresh: bool = False
    ) -> Subject:
        """A pending analysis, read once by its owner; perhaps of the same sample as another.

        One that must be `fresh` is set up now, so that it comes right after the one before it.
        """

        def set_up() -> Subject:
            subject = self.target.pending(
                self._label(), files=files, sample_of=sample_of, fresh=fresh
            )
            self.enter(subject)
            return subject

        return self.target.assured(set_up, self._first_look)

    def unread(self, *, files: bool = True) -> Subject:
        """A pending analysis that nobody has read: what is sent next is the first request for it.

        That it is pending is made sure of only if the answer says otherwise (see `Player.play`).
        """
        subject = self.target.pending(self._label(), files=files, fresh=True)
        self.enter(subject)
        return subject

    def _first_look(self, subject: Subject) -> None:
        first = self.get(subject).judgement.document
        check_pending(subject.known.id, dict(first) if first else None)

    def bytes_beside(self) -> int:
        """How many bytes of a finalize body go to members that the target wants in each."""
        empty = finalize_body({})
        return len(self.target.on_the_wire(empty)) - len(empty.raw)

    def finalized(self, results: Json = FIRST_RESULTS) -> Subject:
        """An analysis that its owner has finalized, now or in an earlier play."""
        spare = self._spare(Phase.FINALIZED) if results == FIRST_RESULTS else None
        if spare is not None:
            return spare
        subject = self.pending()
        self.finalize(subject, results)
        return subject

    def removed(self) -> Subject:
        """An analysis that its owner has removed, now or in an earlier play.

        Raises:
            Unobserved: Remove is not implemented.
        """
        if not self.target.removes:
            raise Unobserved(NO_REMOVE)
        spare = self._spare(Phase.ABSENT)
        if spare is not None:
            return spare
        subject = self.pending()
        self.remove(subject)
        return subject

    def _spare(self, phase: Phase) -> Subject | None:
        """One that an earlier play has left so, where analyses are few.

        What made it so is in the scenario, which is replayed on a fresh one.
        """
        while True:
            subject = self.target.spare(self._label(), phase, files=True)
            if subject is None:
                return None
            self.enter(subject)
            operation, body = MADE_SO[phase]
            self.steps.append(Step(subject=subject.label, operation=operation, body=body))
            self.read_back(subject)
            results = (subject.known.document or {}).get("results")
            if phase is Phase.ABSENT or results == subject.known.results:
                return subject

    def left_over(self, phase: Phase) -> Subject:
        """An analysis that an early play of this run has left finalized or absent; else a new one.

        What it is like is still the doing of what made it so, for nobody has touched it since.

        Raises:
            Unobserved: Remove is not implemented.
        """
        if phase is Phase.ABSENT and not self.target.removes:
            raise Unobserved(NO_REMOVE)
        kept = self.target.left_over(phase)
        if kept is None:
            return self.finalized() if phase is Phase.FINALIZED else self.removed()
        operation, body = MADE_SO[phase]
        cause = Cause(operation=operation, topic="effect")
        label = EARLY if phase is Phase.FINALIZED else self._label()
        subject = replace(kept, label=label, known=replace(kept.known, cause=cause))
        self.enter(subject)
        self.steps.append(Step(subject=label, operation=operation, body=body))
        return subject

    def absent(self) -> Subject:
        """An id that nobody has, of the make of a real one; read as absent before it is given.

        Raises:
            Unobserved: the target does not say 404 for such ids, or cannot be believed when it
                does; then nothing may be written to one.
        """
        return self.admit_absent(self._label())

    def admit_absent(self, label: str) -> Subject:
        """An absent id under a given label; see `absent`."""
        if not self._trusts_404():
            raise Unobserved("the target answers 404 for analyses that are there")
        for candidate in similar_ids(self.bystander().known.id):
            subject = Subject(
                label=label,
                state="absent",
                credentials=None,
                known=Known(id=candidate, phase=Phase.ABSENT),
            )
            self.enter(subject)
            if self.get(subject, Caller.OTHER_JOB).response.status == 404:
                self.target.api.guard.admit_absent(candidate)
                return subject
        raise Unobserved("the target answers no 404 for ids that nobody has")

    def _trusts_404(self) -> bool:
        """Whether a 404 proves that an id is nobody's; a target may hide what is finalized, say.

        That is tried out once, on a stage of its own, so that it is in nobody's scenario.
        """
        target = self.target
        if target.trusts_404 and not target.hiding_tried:
            target.hiding_tried = True
            trial = Stage(target)
            try:
                answer = trial.get(trial.finalized(), Caller.OTHER_JOB)
            finally:
                trial.close()
            target.trusts_404 = answer.response.status != 404
        return target.trusts_404

    def subject(self, label: str) -> Subject:
        """The subject of that label; a bystander that was tampered with is a fresh one by now."""
        if label == FINISHED:
            return self.finished()
        return self.bystander() if label == BYSTANDER else self.subjects[label]

    def finished(self) -> Subject:
        """The analysis of the `finished job`, for what is to be of the same sample.

        Raises:
            Unobserved: the target did not let its job finalize it.
        """
        return self.target.former(Caller.FINISHED_JOB)

    def bystander(self) -> Subject:
        """The analysis of the other job."""
        subject = self.target.bystander()
        if BYSTANDER not in self.subjects:
            self.enter(subject)
            if subject.known.cause is None:
                self.get(subject)
        return subject

    def _label(self) -> str:
        """A letter, and from the second round through the alphabet on a number behind it."""
        rounds, letter = divmod(sum(label != BYSTANDER for label in self._states), 26)
        return chr(ord("A") + letter) + str(rounds or "")

    # Steps

    def look_alike(self, subject: Subject, disguise: str) -> Answer:
        """Have the owner read an id that only looks like the subject's (see `disguises`)."""
        return self.play(subject, Step(subject=subject.label, operation="get", disguise=disguise))

    def write_look_alike(self, subject: Subject, operation: str, disguise: str) -> None:
        """Have the owner write to an id that only looks like the subject's, and read back.

        Nothing is written to an id that is not read as absent, for it may be somebody's.
        """
        body = finalize_body({"by": "disguise"}) if operation == "finalize" else None
        move = Step(subject=subject.label, operation=operation, body=body, disguise=disguise)
        if self.may_write(subject, disguise):
            self.play(subject, move)
            self.target.api.guard.dismiss([disguised(subject.known.id, disguise)])
            self.read_back(subject)

    def get(self, subject: Subject, caller: Caller = Caller.OWNER) -> Answer:
        """Fetch the document."""
        return self.play(subject, Step(subject=subject.label, operation="get", caller=caller))

    def finalize(
        self, subject: Subject, results: Json | Body, caller: Caller = Caller.OWNER
    ) -> Answer:
        """Finalize with results, or with a body as it is; then read back."""
        body = results if isinstance(results, Body) else finalize_body(results)
        return self.write(subject, "finalize", caller, body)

    def remove(self, subject: Subject, caller: Caller = Caller.OWNER) -> Answer:
        """Remove; then read back."""
        return self.write(subject, "remove", caller)

    def write(
        self, subject: Subject, operation: str, caller: Caller, body: Body | None = None
    ) -> Answer:
        """Send a write, then read back its subject and the bystander, which it must not touch.

        Invalid bodies come in rows, so the bystander is read after the next write of another kind.
        """
        bystander = self.bystander()
        if subject.known.cause == BY_OTHERS:
            self.read_back(subject)  # lest this write is blamed for what an earlier one has done
        answer = self.play(
            subject, Step(subject=subject.label, operation=operation, caller=caller, body=body)
        )
        self.read_back(subject)
        is_refused_for_its_body = answer.due.flaw is not None and not answer.accepted
        if self._looks_around and subject is not bystander and not is_refused_for_its_body:
            self.read_back(bystander)
        return answer

    @contextmanager
    def one_look_around(self) -> Iterator[None]:
        """Read the bystander once, behind all writes within; for many that are much the same."""
        self._looks_around = False
        yield
        self._looks_around = True
        self.read_back(self.bystander())

    def attempt(self, subject: Subject, operation: str, caller: Caller) -> Answer:
        """Send any operation by any caller, a finalize with plain results; then read back."""
        if operation == "get":
            return self.get(subject, caller)
        body = (
            finalize_body({"by": str(caller).replace(" ", "")}) if operation == "finalize" else None
        )
        return self.write(subject, operation, caller, body)

    def read_back(self, subject: Subject) -> None:
        """Have the owner read a subject; one that nobody runs has no owner to read it."""
        if subject.credentials is not None:
            self.get(subject)
