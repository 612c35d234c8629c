"""The implementation under test and its provider: hands out subjects and credentials."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from virtool_contract.api import Api
from virtool_contract.body import Body, finalize_body, with_members
from virtool_contract.contract import Contract
from virtool_contract.credentials import credential_headers, spoiled
from virtool_contract.exchange import Headers
from virtool_contract.interrupts import held_back
from virtool_contract.json_values import Json
from virtool_contract.model import Caller
from virtool_contract.provider import (
    JOB_WITHOUT_ANALYSIS,
    PENDING_ANALYSIS,
    Credentials,
    Provider,
    ProviderError,
    UnknownStateError,
    job_without_analysis,
    pending_analysis,
)
from virtool_contract.subject import Known

NOBODY = "virtool-contract-probe"
"""An id to ask for without credentials, to see whether anything answers."""


class TargetTroubleError(RuntimeError):
    """The target could not be talked to, so nothing can be established (exit 3)."""


class Unobserved(Exception):  # noqa: N818 - an outcome, not an error
    """A promise could not be observed, for a reason that is not the target's fault."""


@dataclass(slots=True, kw_only=True)
class Subject:
    """One analysis: its label in the scenario, its owner's credentials, and what is known of it."""

    label: str
    state: str
    credentials: Credentials | None
    known: Known


@dataclass(slots=True, kw_only=True)
class Target:
    """A base URL with its provider, and what the probe found out about it.

    `extra_body_fields` go out in every finalize body (decision adapting). `removes` says whether
    Remove is implemented; `trusts_404` whether a 404 proves that an id is
    nobody's (not so where the target answers 404 for analyses of others).
    """

    contract: Contract
    api: Api
    provider: Provider
    removes: bool = True
    trusts_404: bool = True
    extra_body_fields: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    _bystander: Subject | None = field(default=None, init=False)
    _idle: Credentials | None = field(default=None, init=False)
    _former: dict[Caller, Credentials] = field(default_factory=dict, init=False)
    _handed_out: set[str] = field(default_factory=set, init=False)
    _open: dict[str, Subject] = field(default_factory=dict, init=False)

    def pending(self, label: str, *, files: bool, sample_of: str = "") -> Subject:
        """A fresh pending analysis; of the same sample as another, if the provider can.

        Raises:
            ProviderError: the provider refused, or handed out an analysis it had given before.
        """
        with held_back():
            return self._pending(label, files=files, sample_of=sample_of)

    def _pending(self, label: str, *, files: bool, sample_of: str) -> Subject:
        handout = pending_analysis(self.provider, files=files, sample_of=sample_of)
        if handout.analysis_id in self._handed_out:
            raise ProviderError(f"the provider handed out {handout.analysis_id!a} twice")
        self._handed_out.add(handout.analysis_id)
        self.api.secrets.add(handout.credentials)
        self.api.admit(handout.analysis_id)
        subject = Subject(
            label=label,
            state="pending with files" if files else "pending",
            credentials=handout.credentials,
            known=Known(id=handout.analysis_id, job_id=handout.credentials.job_id),
        )
        self._open[handout.analysis_id] = subject
        return subject

    def bystander(self) -> Subject:
        """The analysis that the `other job` runs; shared by all stages, for reads and refusals."""
        if self._bystander is None:
            self._bystander = self.pending("bystander", files=True)
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

    def is_alive(self) -> bool:
        """Whether the target answers at all."""
        return self.api.send("GET", NOBODY).response is not None

    def can_play(self, caller: Caller) -> bool:
        """Whether the provider can set up what the caller needs."""
        try:
            if caller is Caller.OTHER_WORKFLOW:
                self.idle_job()
            elif caller.is_former:
                self.former_job(caller)
            elif caller in {Caller.SWAPPED_KEY, Caller.FOREIGN_ID}:
                credentials = self.bystander().credentials
                return credentials is not None and not credentials.headers
        except (UnknownStateError, Unobserved):
            return False
        return True

    def former_job(self, caller: Caller) -> Credentials:
        """A job whose analysis it has finalized, or removed.

        Raises:
            Unobserved: the target did not let it.
        """
        if caller not in self._former:
            name = "finalize" if caller is Caller.FINISHED_JOB else "remove"
            operation = self.contract.operations[name]
            if name == "remove" and not self.removes:
                raise Unobserved("Remove is not implemented")
            subject = self.pending(name, files=False)
            assert subject.credentials is not None
            body = b""
            if operation.takes_body:
                body = self.on_the_wire(finalize_body({"foo": "bar"}))
            typed = (("Content-Type", "application/json"),) if body else ()
            headers = (*credential_headers(subject.credentials), *typed)
            response = self.api.send(operation.method, subject.known.id, headers, body).response
            if response is None or not operation.success.covers(response.status):
                raise Unobserved(f"the target did not let a job {name} its analysis")
            self._former[caller] = subject.credentials
        return self._former[caller]

    def on_the_wire(self, body: Body) -> bytes:
        """The bytes that go out for a body: with the members that this target wants beside."""
        return with_members(body.raw, self.extra_body_fields)

    def tear_down(self, subject: Subject) -> None:
        """Give an analysis back; a provider that fails here does not spoil what was established."""
        params = {"analysis_id": subject.known.id}
        with suppress(ProviderError):
            self.provider.change("teardown", PENDING_ANALYSIS, params)
        self.api.dismiss([subject.known.id])
        self._open.pop(subject.known.id, None)

    def close(self) -> None:
        """Give back what all stages share, and what an interrupt kept them from giving back."""
        self.replace_bystander()
        for subject in list(self._open.values()):
            self.tear_down(subject)
        if self._idle is not None:
            params = {"job_id": self._idle.job_id}
            with suppress(ProviderError):
                self.provider.change("teardown", JOB_WITHOUT_ANALYSIS, params)
            self._idle = None

    def headers(self, caller: Caller, owner: Credentials | None) -> Headers:
        """The headers a caller identifies itself with, on a subject that `owner` runs.

        Raises:
            UnknownStateError: the caller needs a job that the provider cannot set up.
        """
        other = self.bystander().credentials
        assert other is not None, "a bystander is handed out with credentials"
        own = owner or other
        if caller is Caller.ANONYMOUS:
            return ()
        if not caller.is_known:
            return spoiled(caller, own, other)
        return credential_headers(self._job(caller, own, other))

    def _job(self, caller: Caller, own: Credentials, other: Credentials) -> Credentials:
        if caller in {Caller.OWNER, Caller.OTHER_JOB}:
            return own if caller is Caller.OWNER else other
        return self.former_job(caller) if caller.is_former else self.idle_job()


def similar_ids(analysis_id: str) -> Iterator[str]:
    """Ids of the same make as a real one, for one that nobody has: digits for digits, and so on.

    Integer-looking and UUID-like ids stay so, for a target may refuse others as malformed.
    """
    for shift in range(1, 9):
        made = "".join(_shifted(char, shift + place) for place, char in enumerate(analysis_id))
        if made != analysis_id:  # a short one may come back to itself
            yield made


def _shifted(char: str, shift: int) -> str:
    for alphabet in (
        "0123456789",
        "abcdef",
        "ghijklmnopqrstuvwxyz",
        "ABCDEF",
        "GHIJKLMNOPQRSTUVWXYZ",
    ):
        if char in alphabet:
            moved = alphabet[(alphabet.index(char) + shift) % len(alphabet)]
            return "9" if moved == "0" and alphabet[0] == "0" else moved
    return char
