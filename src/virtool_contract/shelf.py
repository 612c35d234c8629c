"""Subjects that plays have left in a known state: to serve again, or to be looked at in the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from virtool_contract.model import Phase
from virtool_contract.subject import OF_SAMPLE, WITH_FILES, Known, Subject


@dataclass(slots=True)
class Shelf:
    """Those that may serve again, and the first that was left finalized, or removed."""

    _spare: list[Subject] = field(default_factory=list)
    _kept: dict[Phase, Subject | None] = field(default_factory=dict)

    def put(self, subject: Subject) -> None:
        """Have a subject wait until it may serve again."""
        self._spare.append(subject)

    def take(self, label: str, phase: Phase, *, files: bool) -> Subject | None:
        """One that was left in that phase, under a new label.

        Where no files are asked for, there may be some all the same. Its document is not known any
        more: what has changed it meanwhile is not for the next play to find out.
        """
        fitting = [each for each in self._spare if each.known.phase is phase]
        fitting = [each for each in fitting if each.state.startswith(WITH_FILES) or not files]
        if not fitting:
            return None
        spare = min(fitting, key=lambda each: each.state.startswith(WITH_FILES))
        self._spare.remove(spare)
        known = Known(
            id=spare.known.id,
            job_id=spare.known.job_id,
            phase=phase,
            removed=spare.known.removed,
            results=spare.known.results,
        )
        return replace(_alone(spare), label=label, known=known, recycled=True)

    def cleared(self) -> Iterator[Subject]:
        """All that may serve again, each taken off."""
        while self._spare:
            yield self._spare.pop()

    def keeps(self, subject: Subject) -> bool:
        """Whether to keep a subject for `left_over`: the first that is left in a phase is."""
        phase = subject.known.phase
        return phase is not Phase.PENDING and self._kept.setdefault(phase, subject) is subject

    def left_over(self, phase: Phase) -> Subject | None:
        """One that an early play has left in that phase, and nobody has touched since; once."""
        subject = self._kept.get(phase)
        self._kept[phase] = None
        return _alone(subject) if subject is not None else None

    def forget_kept(self) -> None:
        """Keep none of those any more; the next that is left is kept."""
        self._kept.clear()


def _alone(subject: Subject) -> Subject:
    """The subject without a word of whose sample it shares: that one is in no other play."""
    return replace(subject, state=subject.state.partition(OF_SAMPLE)[0])
