"""A player blames the right clause, and knows what it knows after each answer."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from virtool_contract.api import Api
from virtool_contract.body import Body, classify, finalize_body
from virtool_contract.confirming import confirm
from virtool_contract.judge import Finding
from virtool_contract.ledger import Ledger, Violation
from virtool_contract.model import Caller, Phase
from virtool_contract.provider import ProviderError
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Analysis, Call, Document, Reply
from virtool_contract.scenario import Step
from virtool_contract.serve import service
from virtool_contract.stage import Stage
from virtool_contract.target import TargetTroubleError
from virtool_contract.waivers import Waiver, Waivers, utc_today

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Wire
    from virtool_contract.target import Target

    Served: TypeAlias = Callable[[Service], str]
    TargetOf: TypeAlias = Callable[[Service | str], Target]
    Wiring: TypeAlias = Callable[[Callable[[socket.socket, bytes], None]], Wire]

FOO = {"foo": "bar"}
NEVER_READY = {"finalize.ready", "get.results-when-ready", "get.document"}
"""What reads with results and without `ready` break."""


def broken(stage: Stage) -> set[str]:
    return set(stage.ledger.deviations)


# Second looks: whose fault is a surprise?


def test_reads_that_never_tell_are_the_fault_of_the_finalize(target_of: TargetOf) -> None:
    stage = Stage(target_of(service(("not-ready-in-reads",), ())))
    subject = stage.finalized()
    assert broken(stage) == NEVER_READY
    assert subject.known.doubtful
    stage.get(subject)
    stage.finalize(subject, FOO)
    stage.remove(subject)
    stage.get(subject, Caller.OTHER_JOB)
    assert broken(stage) == NEVER_READY, "of a doubtful subject little is judged"


class Stale(Service):
    """The first read after a finalize still shows what was before."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[str, Analysis | None] = {}

    @override
    async def finalize(self, call: Call) -> Reply:
        self.before[call.analysis_id] = self.find(call.analysis_id)
        return await super().finalize(call)

    @override
    def answer_to_get(self, call: Call, analysis: Analysis) -> Reply:
        return super().answer_to_get(call, self.before.pop(analysis.id, None) or analysis)


def test_a_read_that_is_merely_late_is_the_fault_of_the_write(target_of: TargetOf) -> None:
    stage = Stage(target_of(Stale()))
    stage.finalized()
    assert broken(stage) <= {"finalize.ready", "finalize.results"}
    assert "finalize.ready" in broken(stage)


class Fickle(Service):
    """Each read shows another workflow."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        self.reads += 1
        return super().document_of_get(analysis) | {"workflow": f"w{self.reads}"}


@pytest.mark.parametrize(
    ("operation", "caller"),
    [
        ("get", Caller.OWNER),
        ("remove", Caller.OWNER),
        ("finalize", Caller.ANONYMOUS),
        ("remove", Caller.ANONYMOUS),
        ("finalize", Caller.OTHER_JOB),
    ],
)
def test_reads_that_disagree_are_the_fault_of_no_write(
    target_of: TargetOf, operation: str, caller: Caller
) -> None:
    stage = Stage(target_of(Fickle()))
    subject = stage.pending()
    stage.attempt(subject, operation, caller)
    stage.get(subject)
    stage.get(subject)
    assert broken(stage) == {"get.safe"}


def test_reads_that_change_for_good_are_told_from_writes_by_a_control(target_of: TargetOf) -> None:
    target = target_of(service(("third-read-differs",), ()))
    stage = Stage(target)
    subject = stage.pending()
    stage.get(subject)
    stage.finalize(subject, FOO)
    assert broken(stage) == {"finalize.changes-nothing-else"}
    deviation = stage.ledger.deviations["finalize.changes-nothing-else"]
    assert confirm(target, deviation).clause == "get.safe"


def test_reads_that_change_without_a_write_are_unsafe(target_of: TargetOf) -> None:
    stage = Stage(target_of(service(("third-read-differs",), ())))
    subject = stage.pending()
    for _ in range(4):
        stage.get(subject)
    assert broken(stage) == {"get.safe"}


# Others


def test_a_write_that_reaches_a_neighbour_breaks_isolation_only(target_of: TargetOf) -> None:
    stage = Stage(target_of(service(("finalize-takes-neighbours",), ())))
    stage.bystander()
    first, second = stage.pending(), stage.pending()
    stage.finalize(first, FOO)
    stage.get(second)
    assert broken(stage) == {"isolation"}
    assert second.known.doubtful
    stage.finalize(second, {"second": "one"})
    assert broken(stage) == {"isolation"}


def test_a_neighbour_that_was_changed_long_ago_is_not_blamed_on_the_next_write(
    target_of: TargetOf,
) -> None:
    stage = Stage(target_of(service(("finalize-takes-neighbours",), ())))
    stage.bystander()
    first, second = stage.pending(), stage.pending()
    stage.finalize(first, FOO)
    stage.finalize(second, FOO, Caller.ANONYMOUS)
    assert broken(stage) == {"isolation"}


# An analysis that nobody has read


@pytest.mark.parametrize("write", ["finalize", "remove"])
def test_a_target_is_not_accused_of_what_was_handed_out_finalized(
    target_of: TargetOf, write: str
) -> None:
    reference = Service()
    stage = Stage(target_of(reference))
    analysis = reference.store.analyses[stage.unread().known.id]
    reference.store.put(replace(analysis, ready=True, results={"by": "the provider"}))
    with pytest.raises(ProviderError, match="handed out an analysis that is not pending"):
        stage.attempt(stage.subjects["A"], write, Caller.OWNER)
    assert broken(stage) == set()


class RefusesAfterwards(Service):
    """A finalize takes effect, and is then answered with 409."""

    @override
    async def finalize(self, call: Call) -> Reply:
        await super().finalize(call)
        return self.already_finalized(call)


@pytest.mark.parametrize("faults", [(), ("unread-not-finalizable",)], ids=["late", "for good"])
def test_a_target_that_refuses_what_is_unread_is_accused(
    target_of: TargetOf, faults: tuple[str, ...]
) -> None:
    stage = Stage(target_of(service(faults, ()) if faults else RefusesAfterwards()))
    stage.finalize(stage.unread(), FOO)
    assert broken(stage) == {"finalize.answer"}


@pytest.mark.parametrize(
    ("fault", "caller", "body"),
    [
        ("forbidden-finalize-happens", Caller.OTHER_JOB, finalize_body(FOO)),
        ("unauthorized-finalize-happens", Caller.ANONYMOUS, finalize_body(FOO)),
        ("invalid-body-finalizes", Caller.OWNER, classify(b"{")),
    ],
)
def test_a_provider_is_not_accused_of_what_was_refused_before_and_happened(
    target_of: TargetOf, fault: str, caller: Caller, body: Body
) -> None:
    stage = Stage(target_of(service((fault,), ())))
    subject = stage.unread()
    stage.play(subject, Step(subject=subject.label, operation="finalize", caller=caller, body=body))
    stage.finalize(subject, {"second": "one"})
    assert broken(stage) == {"finalize.answer"}


def test_a_provider_is_not_accused_of_what_a_write_to_a_neighbour_has_done(
    target_of: TargetOf,
) -> None:
    stage = Stage(target_of(service(("finalize-takes-neighbours",), ())))
    first, second = stage.unread(), stage.unread()
    stage.play(first, Step(subject=first.label, operation="finalize", body=finalize_body(FOO)))
    stage.play(second, Step(subject=second.label, operation="finalize", body=finalize_body(FOO)))
    assert broken(stage) == {"finalize.answer"}


# What is known after a wrong answer


class HalfDone(Service):
    """A finalize answers with a status of one's choice, and happens or not."""

    def __init__(self, status: int, *, happens: bool) -> None:
        super().__init__()
        self.status = status
        self.happens = happens

    @override
    async def finalize(self, call: Call) -> Reply:
        if self.happens:
            await super().finalize(call)
        return self.refusal(call, self.status, "half", "There is already a result")


@pytest.mark.parametrize("happens", [True, False])
@pytest.mark.parametrize("status", [400, 404, 409])
def test_after_a_wrong_answer_the_target_is_asked(
    target_of: TargetOf, status: int, *, happens: bool
) -> None:
    stage = Stage(target_of(HalfDone(status, happens=happens)))
    subject = stage.finalized()
    assert "finalize.answer" in broken(stage)
    assert broken(stage) <= {"finalize.answer", "documented-status"}
    assert subject.known.phase is (Phase.FINALIZED if happens else Phase.PENDING)
    assert not subject.known.doubtful
    stage.get(subject)
    stage.remove(subject)
    assert broken(stage) <= {"finalize.answer", "documented-status"}


def test_a_doubtful_subject_is_still_guarded_against_others(target_of: TargetOf) -> None:
    faults = ("not-ready-in-reads", "anonymous-reads-finalized")
    stage = Stage(target_of(service(faults, ())))
    subject = stage.pending()
    stage.finalize(subject, FOO)
    assert broken(stage) == NEVER_READY
    assert subject.known.doubtful
    stage.get(subject, Caller.ANONYMOUS)
    assert broken(stage) == NEVER_READY | {"access.credentials"}


# Findings of others


def waiving(target: Target, clause: str, observed: str) -> Target:
    waiver = Waiver(clause=clause, reason="known", expires=utc_today(), observed=observed, first=3)
    target.waivers = Waivers(entries=(waiver,))
    return target


def test_what_is_waived_raises_nothing_and_the_target_is_asked_all_the_same(
    target_of: TargetOf,
) -> None:
    target = waiving(target_of(HalfDone(400, happens=True)), "finalize.answer", "400 *")
    stage = Stage(target, raises=True, muted=frozenset({"documented-status"}))
    subject = stage.pending()
    stage.finalize(subject, FOO)
    assert subject.known.phase is Phase.FINALIZED
    assert stage.ledger.deviations == {}
    assert stage.ledger.hits == {3: 1}
    assert stage.ledger.waived[3].request == "finalize by owner"


@pytest.mark.parametrize(
    ("observed", "waived"),
    [
        ("", True),
        ("200 *", True),
        ("get by anonymous: 200 *", True),
        ("get by wrong key: 200 *", False),
        ("404*", False),
    ],
)
def test_only_what_a_waiver_speaks_of_is_waived(
    target_of: TargetOf, observed: str, *, waived: bool
) -> None:
    target = waiving(target_of(service(("anonymous-reads",), ())), "access.credentials", observed)
    stage = Stage(target)
    stage.get(stage.pending(), Caller.ANONYMOUS)
    assert bool(stage.ledger.waived) is waived
    assert ("access.credentials" in stage.ledger.deviations) is not waived


def test_the_request_to_blame_is_the_write_whose_effect_a_read_shows(
    target_of: TargetOf,
) -> None:
    stage = Stage(target_of(service(("forbidden-finalize-happens",), ())))
    stage.finalize(stage.pending(), FOO, Caller.OTHER_JOB)
    deviation = stage.ledger.deviations["finalize.own-only"]
    assert [step.operation for step in deviation.scenario.steps][-1] == "get"
    assert deviation.request == "finalize by other job"


def test_a_waiver_matches_what_a_report_has_masked(target_of: TargetOf) -> None:
    target = target_of(service(("user-missing",), ()))
    stage = Stage(target)
    subject = stage.pending()
    assert subject.credentials
    key = subject.credentials.job_key

    def found(actual: str) -> Finding:
        return Finding(clause="isolation", kept=False, expected="x", actual=actual)

    stage.report([found(f"none of {key}'s")])
    masked = stage.ledger.deviations["isolation"].actual
    assert key not in masked
    waiving(target, "isolation", masked)
    stage.report([found(f"none of {key}'s")])
    assert stage.ledger.hits == {3: 1}
    assert key not in str(stage.ledger.to_json())


def test_findings_of_others_are_taken_in(target_of: TargetOf) -> None:
    def finding(clause: str, *, kept: bool) -> Finding:
        return Finding(clause=clause, kept=kept, expected="this", actual="that")

    findings = (finding("get.safe", kept=True), finding("isolation", kept=False))
    stage = Stage(target_of(Service()))
    stage.pending()
    stage.report(findings)
    assert broken(stage) == {"isolation"}
    assert stage.ledger.deviations["isolation"].scenario.steps
    assert stage.ledger.kept["get.safe"] >= 1
    muted = Stage(target_of(Service()), raises=True, muted=frozenset({"isolation"}))
    muted.report(findings)
    assert broken(muted) == set()
    eager = Stage(target_of(Service()), raises=True)
    seen: list[Violation] = []
    eager.before_raising = seen.append
    with pytest.raises(Violation, match="isolation") as caught:
        eager.report(findings)
    assert seen == [caught.value]


# No answer


def passes_on(
    reference: str, cut: bytes, *, after: float | None = None
) -> Callable[[socket.socket, bytes], None]:
    """Pass requests on, but hang up on those that start like `cut`.

    With `after`, these reach the reference so many seconds later all the same.
    """
    host, _, port = reference.removeprefix("http://").partition(":")

    def forward(request: bytes, connection: socket.socket | None) -> None:
        with suppress(OSError), socket.create_connection((host, int(port))) as upstream:
            head, _, body = request.partition(b"\r\n\r\n")
            upstream.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)
            while piece := upstream.recv(65536):
                if connection is not None:
                    connection.sendall(piece)

    def script(connection: socket.socket, request: bytes) -> None:
        if not request.startswith(cut):
            forward(request, connection)
        elif after is not None:
            timer = threading.Timer(after, forward, (request, None))
            timer.daemon = True
            timer.start()
        connection.close()

    return script


@pytest.fixture
def cutting(target_of: TargetOf, served: Served, wire: Wiring) -> Callable[..., Target]:
    """A target that is the reference behind a proxy that cuts some requests."""

    def make(cut: bytes, after: float | None = None) -> Target:
        return target_of(wire(passes_on(served(Service()), cut, after=after)).url)

    return make


@pytest.mark.parametrize(
    ("method", "operation"), [(b"PATCH", "finalize"), (b"DELETE /api", "remove")]
)
@pytest.mark.parametrize("caller", [Caller.OWNER, Caller.ANONYMOUS])
def test_a_write_without_an_answer_is_a_server_error(
    cutting: Callable[..., Target], method: bytes, operation: str, caller: Caller
) -> None:
    target = cutting(method)
    stage = Stage(target)
    answer = stage.attempt(stage.pending(), operation, caller)
    assert broken(stage) == {"errors.no-server-error"}
    deviation = stage.ledger.deviations["errors.no-server-error"]
    assert deviation.unanswered
    assert deviation.expected == "an answer"
    assert deviation.actual.startswith("none: ")
    assert deviation.scenario.steps[-1].operation == operation
    assert answer.response.status == 0
    assert not answer.accepted
    assert confirm(target, deviation).frequency == "always"


def test_a_write_that_happens_after_all_accuses_nobody(cutting: Callable[..., Target]) -> None:
    stage = Stage(cutting(b"PATCH", after=0.0))
    subject = stage.finalized()
    time.sleep(0.1)
    for _ in range(2):
        stage.get(subject)
    assert broken(stage) == {"errors.no-server-error"}


def test_a_write_that_happens_later_accuses_no_read(cutting: Callable[..., Target]) -> None:
    stage = Stage(cutting(b"PATCH", after=0.3))
    subject = stage.finalized()
    assert b'"ready":false' in stage.get(subject).response.body
    time.sleep(0.5)
    assert b'"ready":true' in stage.get(subject).response.body, "it has happened by now"
    assert broken(stage) == {"errors.no-server-error"}


def test_a_muted_lack_of_answers_is_not_told(cutting: Callable[..., Target]) -> None:
    stage = Stage(
        cutting(b"PATCH"), Ledger(), raises=True, muted=frozenset({"errors.no-server-error"})
    )
    stage.finalized()
    assert broken(stage) == set()


def test_a_target_that_is_gone_ends_the_play(target_of: TargetOf) -> None:
    reference = Service()
    target = target_of(reference)
    stage = Stage(target)
    subject = stage.pending()
    stage.bystander()
    gone = Api("http://127.0.0.1:1", target.api.path)
    gone.guard = target.api.guard
    target.api = gone
    with pytest.raises(
        TargetTroubleError, match=f"no answer to PATCH /api/analyses/{subject.known.id}"
    ):
        stage.finalize(subject, FOO)
    assert broken(stage) == set()
    with pytest.raises(TargetTroubleError, match="no answer to GET"):
        stage.get(subject)
    with pytest.raises(TargetTroubleError, match="no answer to GET"):
        stage.read_back(subject)
    stage.close()
    assert list(reference.store.analyses) == [target.bystander().known.id]


def test_a_write_is_sent_once_and_a_read_at_most_twice(
    target_of: TargetOf, served: Served, wire: Wiring
) -> None:
    url = served(Service())
    dead = threading.Event()
    inner = passes_on(url, b"nothing")

    def script(connection: socket.socket, request: bytes) -> None:
        if dead.is_set():
            connection.close()
        else:
            inner(connection, request)

    server = wire(script)
    stage = Stage(target_of(server.url))
    subject = stage.pending()
    stage.bystander()
    dead.set()
    before = len(server.requests)
    with pytest.raises(TargetTroubleError):
        stage.finalize(subject, FOO)
    sent = [each.split(b" ")[0] for each in server.requests[before:]]
    assert sent == [b"PATCH", b"GET"], "the GET asks whether anybody is there"
    with pytest.raises(TargetTroubleError):
        stage.get(subject)
    sent = [each.split(b" ")[0] for each in server.requests[before:]]
    assert sent == [b"PATCH", b"GET", b"GET", b"GET", b"GET"], "and once more at the end"
    assert isinstance(stage.ledger.troubles[-1], str)
