"""A stage judges each answer, goes on after a violation, and leaves nothing behind."""

from __future__ import annotations

import itertools
import socket as _socket
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from virtool_contract.guard import Reason
from virtool_contract.ledger import Ledger, Violation
from virtool_contract.model import Caller, Phase
from virtool_contract.reference.service import Check, Service
from virtool_contract.reference.values import Analysis, Call, Document, Reply
from virtool_contract.serve import service
from virtool_contract.stage import Stage
from virtool_contract.target import TargetTroubleError, Unobserved

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable

    from tests.conftest import Wire
    from virtool_contract.target import Target

    TargetOf: TypeAlias = Callable[[Service | str], Target]
    Wiring: TypeAlias = Callable[[Callable[[socket.socket, bytes], None]], Wire]


class Recording(Service):
    """Keeps what it was asked: method, analysis and whether it was refused."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, str]] = []

    @override
    async def handle(self, call: Call) -> Reply:
        self.calls.append((call.operation, call.analysis_id))
        return await super().handle(call)


def tour(stage: Stage) -> None:
    """A bit of everything that a stage can do."""
    pending, finalized = stage.pending(), stage.finalized()
    stage.finalize(finalized, {"second": "one"})
    stage.remove(finalized)
    for caller in (Caller.OTHER_JOB, Caller.OTHER_WORKFLOW, Caller.ANONYMOUS, Caller.WRONG_KEY):
        for operation in ("get", "finalize", "remove"):
            stage.attempt(pending, operation, caller)
    removed = stage.removed()
    stage.get(removed)
    stage.finalize(removed, {"third": "one"})
    stage.remove(removed)
    stage.get(stage.absent(), Caller.OTHER_JOB)


def test_the_reference_breaks_nothing_and_keeps_nothing(target_of: TargetOf) -> None:
    reference = Service()
    target = target_of(reference)
    stage = Stage(target)
    tour(stage)
    stage.close()
    assert stage.ledger.deviations == {}
    assert stage.ledger.kept["finalize.once"] >= 1
    assert stage.ledger.kept["get.own-only"] >= 1
    assert stage.ledger.requests == target.api.sent > 40
    target.close()
    assert reference.store.analyses == {}
    assert reference.store.jobs == {}


FAULTS = {
    "finalize-is-201": "finalize.answer",
    "second-finalize-ignored": "finalize.once",
    "refused-finalize-overwrites": "finalize.keeps-first-results",
    "remove-is-200": "remove.no-content",
    "remove-forgotten": "remove.gone",
    "finalized-removable": "remove.finalized-stays",
    "forbidden-finalize-happens": "finalize.own-only",
    "forbidden-remove-happens": "remove.own-only",
    "unauthorized-finalize-happens": "access.credentials",
    "wrong-key-is-500": "errors.no-server-error",
    "other-job-read-is-401": "get.own-only",
    "other-job-finalize-is-404": "finalize.forbidden",
    "finalize-changes-user": "finalize.changes-nothing-else",
    "id-is-job-id": "get.identity",
    "message-translated": "errors.message",
}


@pytest.mark.parametrize(("fault", "clause"), FAULTS.items(), ids=FAULTS)
def test_a_fault_breaks_the_clause_it_is_about(
    target_of: TargetOf, fault: str, clause: str
) -> None:
    reference = service((fault,), ())
    target = target_of(reference)
    stage = Stage(target)
    tour(stage)
    stage.close()
    target.close()
    assert clause in stage.ledger.deviations
    assert len(stage.ledger.deviations) <= 2, "a second clause may be about the status as such"
    assert stage.ledger.deviations[clause].scenario.steps
    assert reference.store.analyses == {}


def test_a_play_goes_on_past_what_is_broken(target_of: TargetOf) -> None:
    stage = Stage(target_of(service(("finalize-is-201", "remove-is-200"), ())))
    first = stage.finalized()
    assert first.known.phase is Phase.FINALIZED
    stage.finalize(first, {"again": "yes"})
    stage.removed()
    stage.close()
    expected = {"finalize.answer", "remove.no-content", "documented-status"}
    assert set(stage.ledger.deviations) == expected
    assert stage.ledger.kept["finalize.once"] == 1


def test_what_the_target_holds_is_taken_for_true_after_a_violation(target_of: TargetOf) -> None:
    stage = Stage(target_of(service(("finalize-forgotten",), ())))
    subject = stage.finalized()
    for _ in range(3):
        stage.get(subject)
    stage.finalize(subject, {"again": "yes"})
    stage.close()
    found = set(stage.ledger.deviations)
    assert "finalize.ready" in found
    assert found <= {"finalize.ready", "finalize.results"}, "the second finalize was as good"


def test_the_first_deviation_of_a_clause_stays(target_of: TargetOf) -> None:
    stage = Stage(target_of(service(("finalize-is-201",), ())))
    stage.finalized()
    first = stage.ledger.deviations["finalize.answer"]
    assert [step.operation for step in first.scenario.steps][-1] == "finalize"
    stage.finalized()
    assert stage.ledger.deviations["finalize.answer"] is first


def test_with_raises_the_first_violation_ends_the_play(target_of: TargetOf) -> None:
    target = target_of(service(("finalize-is-201", "remove-is-200"), ()))
    stage = Stage(target, raises=True)
    with pytest.raises(Violation, match=r"^finalize\.answer \(must\): ") as caught:
        stage.finalized()
    deviation = caught.value.deviation
    assert deviation.clause == "finalize.answer"
    assert deviation.scenario.steps[-1].operation == "finalize"
    assert len(str(caught.value).splitlines()) == 4
    assert stage.ledger.deviations == {}
    stage.close()


def test_a_muted_clause_does_not_end_the_play(target_of: TargetOf) -> None:
    target = target_of(service(("finalize-is-201", "remove-is-200"), ()))
    stage = Stage(target, raises=True, muted=frozenset({"finalize.answer", "documented-status"}))
    stage.finalized()
    with pytest.raises(Violation, match=r"remove\.no-content"):
        stage.removed()
    assert stage.ledger.deviations == {}
    stage.close()


class Meddling(Service):
    """A finalize touches every other analysis as well."""

    @override
    async def finalize(self, call: Call) -> Reply:
        reply = await super().finalize(call)
        if reply.status == 200:
            for analysis in list(self.store.analyses.values()):
                if not analysis.ready:
                    self.store.put(self.finalized(analysis, {"results": {"stray": "yes"}}))
        return reply


def test_a_bystander_that_was_tampered_with_is_replaced(target_of: TargetOf) -> None:
    reference = Meddling()
    target = target_of(reference)
    before = target.bystander()
    stage = Stage(target)
    stage.finalized()
    assert set(stage.ledger.deviations) == {"isolation"}
    assert "bystander" in stage.ledger.deviations["isolation"].scenario.subjects
    after = target.bystander()
    assert after.known.id != before.known.id
    assert before.known.id not in reference.store.analyses
    stage.close()


def test_a_write_is_read_back_with_the_bystander(target_of: TargetOf) -> None:
    reference = Recording()
    target = target_of(reference)
    stage = Stage(target)
    subject = stage.pending()
    bystander = stage.bystander().known.id
    reference.calls.clear()
    stage.finalize(subject, {"foo": "bar"})
    mine = subject.known.id
    assert reference.calls == [("finalize", mine), ("get", mine), ("get", bystander)]
    stage.close()


def test_a_row_of_writes_has_one_look_around(target_of: TargetOf) -> None:
    reference = Recording()
    stage = Stage(target_of(reference))
    analysis, bystander = stage.finalized(), stage.bystander().known.id
    reference.calls.clear()
    with stage.one_look_around():
        for number in range(3):
            stage.finalize(analysis, {"number": number})
    mine = analysis.known.id
    assert reference.calls == [("finalize", mine), ("get", mine)] * 3 + [("get", bystander)]
    stage.finalize(analysis, {"number": 3})
    assert reference.calls[-1] == ("get", bystander)


def test_harm_within_a_row_is_found_by_that_look(target_of: TargetOf) -> None:
    stage = Stage(target_of(service(("refused-remove-touches-neighbours",), ())))
    stage.bystander()
    analysis = stage.pending(fresh=True)  # right after it
    stage.finalize(analysis, {"number": 1})
    with stage.one_look_around():
        stage.remove(analysis)
        stage.finalize(analysis, {"number": 2})
        assert stage.ledger.deviations == {}
    assert set(stage.ledger.deviations) == {"isolation"}


def test_an_absent_id_is_read_before_it_is_written_to(target_of: TargetOf) -> None:
    reference = Recording()
    target = target_of(reference)
    stage = Stage(target)
    absent = stage.absent()
    stage.finalize(absent, {"foo": "bar"}, Caller.OTHER_JOB)
    mine = [operation for operation, analysis in reference.calls if analysis == absent.known.id]
    assert mine == ["get", "finalize"]
    assert absent.known.id not in reference.store.analyses
    assert target.api.guard.log.latest[-1].reason is Reason.READ_AS_ABSENT
    stage.close()
    with pytest.raises(RuntimeError, match="nobody handed out"):
        target.api.send("DELETE", absent.known.id)


def test_without_trust_in_404_no_absent_id_is_written_to(target_of: TargetOf) -> None:
    reference = Recording()
    target = target_of(reference)
    target.trusts_404 = False
    with pytest.raises(Unobserved, match="404 for analyses that are there"):
        Stage(target).absent()
    assert reference.calls == []


class HidesFinalizedOnes(Recording):
    """Says of finalized analyses of others that they are not there."""

    @override
    def first_refusal(self, call: Call, checks: Iterable[Check]) -> Reply | None:
        refusal = super().first_refusal(call, checks)
        found = self.find(call.analysis_id)
        hidden = call.operation == "get" and found is not None and found.ready
        return self.absent(call) if refusal and refusal.status == 403 and hidden else refusal


def test_a_404_for_what_is_finalized_proves_nothing_either(target_of: TargetOf) -> None:
    target = target_of(HidesFinalizedOnes())
    for _ in range(2):
        stage = Stage(target)
        with pytest.raises(Unobserved, match="404 for analyses that are there"):
            stage.absent()
        assert stage.steps == []
    assert not target.trusts_404


def test_where_others_may_write_no_absent_id_is_written_to(target_of: TargetOf) -> None:
    reference = Recording()
    target = target_of(reference)
    stage = Stage(target)
    absent = stage.absent()
    target.lets_others_write = True
    reference.calls.clear()
    with pytest.raises(Unobserved, match="could reach somebody's"):
        stage.finalize(absent, {"foo": "bar"}, Caller.OTHER_JOB)
    assert {operation for operation, _ in reference.calls} <= {"get"}
    stage.close()


def test_what_somebody_else_has_by_now_is_not_written_to(target_of: TargetOf) -> None:
    reference = Recording()
    stage = Stage(target_of(reference))
    removed = stage.removed()
    owner = stage.target.bystander().known
    reference.store.put(reference.new_analysis(removed.known.id, owner.job_id, files=0))
    stage.get(removed)
    assert not stage.may_write(removed)
    with pytest.raises(Unobserved, match="could reach somebody's"):
        stage.remove(removed)
    assert removed.known.id in reference.store.analyses
    stage.close()


def test_where_absent_ids_are_not_404_none_is_given(target_of: TargetOf) -> None:
    stage = Stage(target_of(service(("absent-read-is-400",), ())))
    with pytest.raises(Unobserved, match="no 404 for ids that nobody has"):
        stage.absent()
    assert set(stage.ledger.deviations) == {"get.absent", "documented-status"}
    stage.close()


def test_where_remove_is_not_implemented_nothing_is_removed(target_of: TargetOf) -> None:
    reference = Recording()
    target = target_of(reference)
    target.removes = False
    with pytest.raises(Unobserved, match="not implemented"):
        Stage(target).removed()
    assert reference.calls == []


def relay(
    reference: str, drop: Callable[[int, bytes], bool]
) -> Callable[[socket.socket, bytes], None]:
    """Passes requests on, but hangs up on those that `drop` picks by number."""
    numbers = itertools.count()

    def script(connection: socket.socket, request: bytes) -> None:
        if drop(next(numbers), request):
            connection.close()
            return
        host, _, port = reference.removeprefix("http://").partition(":")
        with _socket.create_connection((host, int(port))) as upstream:
            head, _, body = request.partition(b"\r\n\r\n")
            upstream.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)
            while piece := upstream.recv(65536):
                connection.sendall(piece)
        connection.close()

    return script


def test_a_read_that_gets_no_answer_is_repeated_once(
    target_of: TargetOf, served: Callable[[Service], str], wire: Wiring
) -> None:
    gets = itertools.count()

    def third_read(_number: int, request: bytes) -> bool:
        return request.startswith(b"GET") and next(gets) == 2

    target = target_of(wire(relay(served(Service()), third_read)).url)
    stage = Stage(target)
    stage.finalized()
    stage.close()
    assert stage.ledger.deviations == {}
    assert len(stage.ledger.troubles) == 1
    assert stage.ledger.troubles[0].startswith("a GET got no answer: ")


def test_a_write_that_gets_no_answer_is_not_repeated(
    target_of: TargetOf, served: Callable[[Service], str], wire: Wiring
) -> None:
    server = wire(relay(served(Service()), lambda _, request: request.startswith(b"PATCH")))
    stage = Stage(target_of(server.url))
    stage.finalized()
    stage.close()
    assert sum(request.startswith(b"PATCH") for request in server.requests) == 1
    assert set(stage.ledger.deviations) == {"errors.no-server-error"}


def test_a_read_that_never_gets_an_answer_ends_the_play(
    target_of: TargetOf, served: Callable[[Service], str], wire: Wiring
) -> None:
    server = wire(relay(served(Service()), lambda _, request: request.startswith(b"GET")))
    stage = Stage(target_of(server.url), Ledger())
    with pytest.raises(TargetTroubleError, match="no answer to GET"):
        stage.pending()
    assert 2 <= sum(request.startswith(b"GET") for request in server.requests) <= 4
    assert stage.ledger.deviations == {}
    assert stage.ledger.troubles


class Expiring(Service):
    """Loses results when it is told to, as one that keeps them for an hour does."""

    late = False

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        late = analysis.ready and self.late
        return super().document_of_get(replace(analysis, results={}) if late else analysis)


def test_what_is_left_over_by_an_early_play_is_looked_at_again(target_of: TargetOf) -> None:
    reference = Expiring()
    target = target_of(reference)
    left = []
    for make in (Stage.finalized, Stage.removed, Stage.pending, Stage.finalized):
        early = Stage(target)
        left.append(make(early).known.id)
        early.close()
    bystander = target.bystander().known.id
    assert reference.store.analyses.keys() == {left[0], bystander}
    reference.late = True
    stage = Stage(target)
    subject = stage.left_over(Phase.FINALIZED)
    assert subject.known.id == left[0]
    stage.get(subject)
    assert stage.get(stage.left_over(Phase.ABSENT)).response.status == 404
    stage.close()
    (deviation,) = stage.ledger.deviations.values()
    assert deviation.clause == "finalize.results"
    assert [step.operation for step in deviation.scenario.steps] == ["finalize", "get"]
    assert reference.store.analyses.keys() == {bystander}


def test_where_no_early_play_has_left_any_there_is_a_new_one(target_of: TargetOf) -> None:
    stage = Stage(target_of(Service()))
    for phase in (Phase.FINALIZED, Phase.ABSENT):
        subject = stage.left_over(phase)
        stage.get(subject)
        assert subject.known.phase is phase
    assert stage.ledger.deviations == {}
    stage.target.removes = False
    with pytest.raises(Unobserved, match="Remove is not implemented"):
        stage.left_over(Phase.ABSENT)
    stage.close()
