"""Lifecycle: stories of several analyses and callers, in any order."""

import time

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    rule,
)

from virtool_contract.promises import (
    Body,
    Caller,
    Explorer,
    Json,
    Stage,
    Subject,
    classify,
    clause,
    finalize_body,
    freeform,
    in_parts,
    lengthy,
    standard,
)

pytestmark = standard

OTHERS = [caller for caller in Caller if caller is not Caller.OWNER]
INVALID = [b"", b"{}", b"{", b"[]", b"null", b'{"results": null}', b'{"results": [1]}', b"\xff"]
PLAIN: list[dict[str, Json]] = [{"foo": "bar"}, {"foo": "baz"}, {"hits": [2, 3, 4]}]
EXTRA: list[dict[str, Json]] = [{"ready": False}, {"workflow": "other"}, {"id": "other"}]


def valid_bodies() -> st.SearchStrategy[Body]:
    """Bodies that a server has to take, or may refuse for what stands beside the results."""
    results = st.one_of(st.sampled_from(PLAIN), freeform.awkward())
    beside = st.sampled_from([{}, {}, {}, *EXTRA])
    return st.builds(lambda value, extra: finalize_body(value, **extra), results, beside)


INVALID_BODIES = st.sampled_from(INVALID).map(classify)
BODIES = st.one_of(valid_bodies(), INVALID_BODIES)
TIMES = st.sampled_from([1, 1, 1, 2, 3, 12])
CALLERS = st.sampled_from([Caller.OWNER, Caller.OWNER, *OTHERS])


class Lifecycle(RuleBasedStateMachine):
    """Bundles are states, rules are verbs; the stage judges every answer."""

    pending: Bundle[Subject] = Bundle("pending")
    finalized: Bundle[Subject] = Bundle("finalized")
    gone: Bundle[Subject] = Bundle("gone")

    def __init__(self, stage: Stage) -> None:
        """Play on a fresh stage."""
        super().__init__()
        self.stage = stage

    @initialize(target=pending)
    def begin(self) -> Subject:
        """There is always one analysis to begin with."""
        return self.stage.pending()

    @rule(target=pending, files=st.booleans())
    def another(self, *, files: bool) -> Subject:
        """The provider hands out another."""
        return self.stage.pending(files=files)

    @rule(target=pending, other=st.one_of(pending, finalized))
    def another_of_the_same_sample(self, other: Subject) -> Subject:
        """The provider hands out another of the same sample, if it can."""
        return self.stage.pending(sample_of=other)

    @rule(subject=st.one_of(pending, finalized, gone), caller=CALLERS, times=TIMES)
    def get(self, subject: Subject, caller: Caller, times: int) -> None:
        """Anybody reads, perhaps several times."""
        assume(self.stage.target.can_play(caller))
        for _ in range(times):
            self.stage.get(subject, caller)

    @rule(subject=consumes(pending), body=valid_bodies(), target=finalized)
    def finalize(self, subject: Subject, body: Body) -> Subject:
        """The owner finalizes."""
        self.stage.finalize(subject, body)
        return subject

    @rule(subject=pending, body=INVALID_BODIES)
    def finalize_with_an_invalid_body(self, subject: Subject, body: Body) -> None:
        """The owner sends an invalid body."""
        self.stage.finalize(subject, body)

    @rule(subject=st.one_of(finalized, gone), body=BODIES, times=TIMES)
    def finalize_again(self, subject: Subject, body: Body, times: int) -> None:
        """The owner finalizes what cannot be finalized any more."""
        for _ in range(times):
            assume(self.stage.may_write(subject))
            self.stage.finalize(subject, body)

    @rule(subject=st.one_of(pending, finalized, gone), body=BODIES, caller=st.sampled_from(OTHERS))
    def finalize_by_another(self, subject: Subject, body: Body, caller: Caller) -> None:
        """Somebody else finalizes."""
        assume(self.stage.target.can_play(caller) and self.stage.may_write(subject))
        self.stage.finalize(subject, body, caller)

    @rule(subject=consumes(pending), target=gone)
    def remove(self, subject: Subject) -> Subject:
        """The owner removes."""
        self.stage.remove(subject)
        return subject

    @rule(subject=st.one_of(finalized, gone), times=TIMES)
    def remove_again(self, subject: Subject, times: int) -> None:
        """The owner removes what cannot be removed."""
        for _ in range(times):
            assume(self.stage.may_write(subject))
            self.stage.remove(subject)

    @rule(subject=st.one_of(pending, finalized, gone), caller=st.sampled_from(OTHERS))
    def remove_by_another(self, subject: Subject, caller: Caller) -> None:
        """Somebody else removes."""
        assume(self.stage.target.can_play(caller) and self.stage.may_write(subject))
        self.stage.remove(subject, caller)

    def teardown(self) -> None:
        """Read everything once more, then give it back."""
        try:
            for subject in list(self.stage.subjects.values()):
                self.stage.read_back(subject)
        finally:
            self.stage.close()


@clause("get.safe", "finalize.results")
def test_reads_stay_fresh(stage: Stage) -> None:
    """For half a second after a write, and from then on, no read MUST show what was before."""
    finalized, removed = stage.finalized({"foo": "bar"}), stage.pending()
    at_length = stage.finalized({"sequence": "ACGT" * 40_000})
    if stage.target.removes:
        stage.remove(removed)
    for _ in range(12):
        time.sleep(0.05)
        for subject in (finalized, at_length, removed):
            stage.get(subject)


@lengthy
@in_parts(4)
def test_stories(explorer: Explorer) -> None:
    """Whatever the order of events, every answer MUST be the one that the contract calls for."""
    explorer.stories(Lifecycle, examples=10, steps=50)
