"""The implementation under test and its provider: hands out subjects and credentials."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from virtool_contract.api import Api
from virtool_contract.body import Body, finalize_body, with_members
from virtool_contract.budget import Budget
from virtool_contract.contract import Contract
from virtool_contract.credentials import credential_headers, spoiled
from virtool_contract.exchange import Exchange, Headers
from virtool_contract.guard import unfit
from virtool_contract.interrupts import held_back, is_late
from virtool_contract.json_values import Json, show
from virtool_contract.model import Caller, Phase
from virtool_contract.provider import (
    JOB_WITHOUT_ANALYSIS,
    PENDING_ANALYSIS,
    Credentials,
    Handout,
    Provider,
    ProviderError,
    UnknownStateError,
    job_without_analysis,
    pending_analysis,
)
from virtool_contract.recorder import Tag
from virtool_contract.shelf import Shelf
from virtool_contract.subject import FINISHED, OF_SAMPLE, WITH_FILES, Known, Subject
from virtool_contract.waivers import Waivers

NOBODY = "virtool-contract-probe"
"""An id to ask for without credentials, to see whether anything answers."""
WITNESSES = 3
"""A target that mixes neighbours up may lose one or two of them; after a restart all are gone."""
MIXED = frozenset({Caller.SWAPPED_KEY, Caller.FINISHED_KEY, Caller.FOREIGN_ID})
"""Callers with the id of one job and the key of another, which jobs known by headers have not."""
UNAVAILABLE = frozenset({429, 502, 503, 504})
"""What gateways answer in place of a server that is not there, servers that are coming up, and
limiters of a rate."""


class TargetTroubleError(RuntimeError):
    """The target could not be talked to, so nothing can be established (exit 3)."""


class Unobserved(Exception):  # noqa: N818 - an outcome, not an error
    """A promise could not be observed, for a reason that is not the target's fault."""


@dataclass(slots=True, kw_only=True)
class Target:
    """A base URL with its provider, and what the probe found out about it.

    `removes` says whether Remove is implemented; `trusts_404` whether a 404 proves that an id is
    nobody's (not so where the target answers 404 for analyses of others); `lets_others_write`
    whether a write that reaches an analysis of others changes it. `extra_body_fields` go out in
    every finalize body (decision adapting); `waivers` says which deviations are known. With a
    `budget`, analyses are few, and those that are left in a known state serve again.
    """

    contract: Contract
    api: Api
    provider: Provider
    removes: bool = True
    trusts_404: bool = True
    budget: Budget | None = None
    extra_body_fields: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    waivers: Waivers = field(default_factory=Waivers)
    lets_others_write: bool = False
    hiding_tried: bool = field(default=False, init=False)
    _bystander: Subject | None = field(default=None, init=False)
    _witnesses: list[Subject] = field(default_factory=list, init=False)
    _idle: Credentials | None = field(default=None, init=False)
    _former: dict[Caller, Subject] = field(default_factory=dict, init=False)
    _handed_out: set[str] = field(default_factory=set, init=False)
    _open: dict[str, Subject] = field(default_factory=dict, init=False)
    _shelf: Shelf = field(default_factory=Shelf, init=False)

    def pending(
        self, label: str, *, files: bool, sample_of: Subject | None = None, fresh: bool = False
    ) -> Subject:
        """A pending analysis; of the same sample as another, if the provider can.

        Where analyses are few, it may have served before, unless it must be `fresh`.

        Raises:
            ExhaustedError: there are no more, or the run may not ask for more.
            ProviderError: the provider refused, or handed out an analysis it had given before.
        """
        spare = None if sample_of or fresh else self.spare(label, Phase.PENDING, files=files)
        if spare is not None:
            return spare
        if self.budget is not None:
            self.budget.take()
        with held_back():
            # What is replayed is set up in order: a fault may reach for what was made just before.
            provider = self.provider.directly() if fresh else self.provider
            other = sample_of.known.id if sample_of else ""
            handout = pending_analysis(provider, files=files, sample_of=other)
            of_sample = f"{OF_SAMPLE}{sample_of.label}" if sample_of else ""
            return self._taken_in(label, handout, (WITH_FILES if files else "pending") + of_sample)

    def _taken_in(self, label: str, handout: Handout, state: str) -> Subject:
        if handout.analysis_id in self._handed_out:
            raise ProviderError(f"the provider handed out {handout.analysis_id!a} twice")
        if why := unfit(handout.analysis_id):
            raise ProviderError(
                f"the provider handed out an id that cannot stand in a path: "
                f"{show(handout.analysis_id)} ({why})"
            )
        self._handed_out.add(handout.analysis_id)
        self.api.secrets.add(handout.credentials)
        self.api.guard.admit(handout.analysis_id)
        subject = Subject(
            label=label,
            state=state,
            credentials=handout.credentials,
            known=Known(id=handout.analysis_id, job_id=handout.credentials.job_id),
        )
        self._open[handout.analysis_id] = subject
        return subject

    def assured(self, set_up: Callable[[], Subject], look: Callable[[Subject], object]) -> Subject:
        """A subject that was looked at, and is pending.

        One that is not may have been pending when it was set up: a target that mixes analyses up
        changes those that wait for their use. So what was set up before now is dropped, and another
        is tried, before the provider is said to be wrong.

        Raises:
            ProviderError: that is not pending either, as `look` says by the same error.
        """
        subject = set_up()
        try:
            look(subject)
        except ProviderError:
            self._drop_what_waits()
            subject = set_up()
            look(subject)
        return subject

    def _drop_what_waits(self) -> None:
        for subject in self._shelf.cleared():
            self.tear_down(subject)
        self.provider.forget()

    def spare(self, label: str, phase: Phase, *, files: bool) -> Subject | None:
        """One that has served before, and was left in that phase (see `Shelf.take`)."""
        subject = self._shelf.take(label, phase, files=files)
        if subject is not None:
            self._open[subject.known.id] = subject
        return subject

    def can_spare(self, count: int) -> bool:
        """Whether so many analyses more may be asked for."""
        return self.budget is None or self.budget.can_spare(count)

    def give_back(self, subject: Subject, *, can_serve: bool) -> None:
        """Take a subject back: to serve again where analyses are few, or to be torn down."""
        if can_serve and self.budget is not None:
            self._shelf.put(subject)
        else:
            self.tear_down(subject)

    def keeps(self, subject: Subject) -> bool:
        """Whether to keep a subject for `left_over`; where analyses are few, none is withheld."""
        return self.budget is None and self._shelf.keeps(subject)

    def left_over(self, phase: Phase) -> Subject | None:
        """One that an early play has left in that phase, and nobody has touched since; once."""
        return self._shelf.left_over(phase)

    def bystander(self) -> Subject:
        """The analysis that the `other job` runs; shared by all stages, for reads and refusals."""
        if self._bystander is None:
            self._bystander = self.pending("bystander", files=True, fresh=self.budget is None)
        return self._bystander

    def replace_bystander(self) -> None:
        """Drop a bystander that was tampered with; the next stage gets a fresh one."""
        if self._bystander is not None:
            self.tear_down(self._bystander)
            self._bystander = None

    def idle_job(self) -> Credentials:
        """The job that runs no analysis.

        Raises:
            UnknownStateError: the provider has none.
        """
        if self._idle is None:
            with held_back():
                self._idle = job_without_analysis(self.provider)
            self.api.secrets.add(self._idle)
        return self._idle

    def ask_for_nobody(self) -> Exchange:
        """Have an anonymous caller read an id that nobody has, to see whether anything answers."""
        return self.api.send("GET", NOBODY, tag=Tag(caller=Caller.ANONYMOUS, state="absent"))

    def tag(self, subject: Subject, caller: Caller) -> Tag:
        """What a recording says of a request that is no step of a play."""
        state, job = subject.state, subject.known.job_id
        return Tag(caller=caller, subject=subject.label, state=state, job=job)

    def is_alive(self) -> bool:
        """Whether the target answers at all, and not only that it is unavailable."""
        answer = self.ask_for_nobody().response
        return answer is not None and answer.status not in UNAVAILABLE

    def call_witnesses(self) -> None:
        """Set up analyses that nobody touches (see `has_forgotten`)."""
        self._witnesses = [self.pending("witness", files=False) for _ in range(WITNESSES)]

    def has_forgotten(self) -> bool:
        """Whether the target has lost all witnesses, as after a restart.

        Then all that is shared by stages is forgotten too, and there are other witnesses.
        """
        if not self._witnesses or not all(map(self._is_lost, self._witnesses)):
            return False
        self.replace_bystander()
        for witness in self._witnesses:
            self.tear_down(witness)
        self._drop_what_waits()
        self._idle = None
        self._former.clear()
        self._shelf.forget_kept()
        self.call_witnesses()
        return True

    def _is_lost(self, witness: Subject) -> bool:
        headers = self.headers(Caller.OWNER, witness.credentials)
        tag = self.tag(witness, Caller.OWNER)
        answer = self.api.send("GET", witness.known.id, headers, tag=tag).response
        return answer is not None and answer.status in {401, 403, 404, 410}

    def can_play(self, caller: Caller) -> bool:
        """Whether the provider can set up what the caller needs."""
        try:
            if caller is Caller.OTHER_WORKFLOW:
                self.idle_job()
            elif caller.is_former:
                self.former(caller)
            elif caller in MIXED:
                return not self._other(caller).headers
        except (UnknownStateError, Unobserved):
            return False
        return True

    def former(self, caller: Caller) -> Subject:
        """The analysis that a former job has finalized, or removed, with that job's credentials.

        Raises:
            Unobserved: the target did not let it.
        """
        if caller not in self._former:
            name = "finalize" if caller is Caller.FINISHED_JOB else "remove"
            operation = self.contract.operations[name]
            if name == "remove" and not self.removes:
                raise Unobserved("Remove is not implemented")
            label = FINISHED if name == "finalize" else "removed"
            subject = self.pending(label, files=False)
            assert subject.credentials is not None
            body = b""
            if operation.takes_body:
                body = self.on_the_wire(finalize_body({"foo": "bar"}))
            typed = (("Content-Type", "application/json"),) if body else ()
            headers = (*credential_headers(subject.credentials), *typed)
            tag = self.tag(subject, Caller.OWNER)
            sent = self.api.send(operation.method, subject.known.id, headers, body, tag)
            response = sent.response
            if response is None or not operation.success.covers(response.status):
                raise Unobserved(f"the target did not let a job {name} its analysis")
            self._former[caller] = subject
        return self._former[caller]

    def on_the_wire(self, body: Body) -> bytes:
        """The bytes that go out for a body: with the members that this target wants beside."""
        return with_members(body.raw, self.extra_body_fields)

    def tear_down(self, subject: Subject) -> None:
        """Give an analysis back; a provider that fails here does not spoil what was established."""
        params = {"analysis_id": subject.known.id}
        if not is_late():
            with suppress(ProviderError), held_back():  # half an exchange would upset the next one
                self.provider.change("teardown", PENDING_ANALYSIS, params)
        self.api.guard.dismiss([subject.known.id])
        self._open.pop(subject.known.id, None)

    def close(self) -> None:
        """Give back what all stages share, and what an interrupt kept them from giving back."""
        self.replace_bystander()
        for subject in list(self._open.values()):
            self.tear_down(subject)
        if self._idle is not None:
            params = {"job_id": self._idle.job_id}
            with suppress(ProviderError), held_back():
                self.provider.change("teardown", JOB_WITHOUT_ANALYSIS, params)
            self._idle = None
        self.provider.close()
        self.api.guard.log.close()

    def headers(self, caller: Caller, owner: Credentials | None) -> Headers:
        """The headers a caller identifies itself with, on a subject that `owner` runs.

        Raises:
            UnknownStateError: the caller needs a job that the provider cannot set up.
        """
        other = self._other(caller)
        own = owner or self._other(Caller.OTHER_JOB)
        if caller is Caller.ANONYMOUS:
            return ()
        if not caller.is_known:
            return spoiled(caller, own, other)
        return credential_headers(own if caller is Caller.OWNER else other)

    def _other(self, caller: Caller) -> Credentials:
        """The credentials that a caller has, or takes from, where they are not the owner's."""
        if caller is Caller.OTHER_WORKFLOW:
            return self.idle_job()
        finished = caller is Caller.FINISHED_KEY
        if finished or caller.is_former:
            subject = self.former(Caller.FINISHED_JOB if finished else caller)
        else:
            subject = self.bystander()
        assert subject.credentials is not None, "it is handed out with credentials"
        return subject.credentials
