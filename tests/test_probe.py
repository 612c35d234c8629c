"""Before the first promise: what is no fault of the contract ends the run, and says why."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from virtool_contract.probe import probe
from virtool_contract.provider import ProviderError
from virtool_contract.reference import app
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Reply, Sent
from virtool_contract.serve import service
from virtool_contract.stage import Stage
from virtool_contract.target import TargetTroubleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtool_contract.target import Target

    TargetOf: TypeAlias = Callable[[Service | str], Target]


class Answering(Service):
    """Answers everything but provider states with one status and body."""

    def __init__(self, status: int, body: bytes = b"{}") -> None:
        super().__init__()
        self.status, self.body = status, body
        self.calls = 0

    @override
    async def handle(self, call: Call) -> Reply:
        self.calls += 1
        return Reply(status=self.status, content=self.body)


class Starting(Service):
    """Is not ready for the first requests."""

    def __init__(self, status: int, times: int) -> None:
        super().__init__()
        self.status, self.left = status, times

    @override
    async def handle(self, call: Call) -> Reply:
        if self.left:
            self.left -= 1
            return Reply(status=self.status, content=b"starting")
        return await super().handle(call)


class HandsOutFinalized(Service):
    @override
    def change_state(self, body: bytes) -> Reply:
        reply = super().change_state(body)
        for analysis in list(self.store.analyses.values()):
            self.store.put(self.finalized(analysis, {"results": {}}))
        return reply


class Hangs(Service):
    """Leaves each write unanswered for as long as anybody waits here, or from one on everything."""

    def __init__(self, *, for_good: bool = False) -> None:
        super().__init__()
        self.for_good, self.hangs = for_good, False

    @override
    async def handle(self, call: Call) -> Reply:
        self.hangs = call.operation != "get" or (self.hangs and self.for_good)
        if self.hangs:
            await asyncio.sleep(0.5)
        return await super().handle(call)


class RemovesAndSays(Service):
    """Removes what it should, and says that it cannot."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status

    @override
    def sent(self, call: Call, reply: Reply) -> Sent:
        removed = call.operation == "remove" and reply.status == 204
        return super().sent(call, Reply(status=self.status) if removed else reply)


def test_the_reference_passes_and_gets_everything_back(target_of: TargetOf) -> None:
    reference = Service()
    target = target_of(reference)
    probe(target)
    assert target.removes
    assert target.trusts_404
    target.close()
    assert reference.store.analyses == {}


def test_a_target_that_is_not_there(target_of: TargetOf) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(TargetTroubleError) as caught:
        probe(target_of(url))
    assert str(caught.value) == (
        f"the target at {url} (--base-url) cannot be reached: Connection refused"
    )


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_target_that_does_not_come_up(target_of: TargetOf, status: int) -> None:
    started = time.monotonic()
    with pytest.raises(TargetTroubleError, match=f"--base-url.*it answers {status}"):
        probe(target_of(Answering(status)), wait=0.3)
    assert 0.3 <= time.monotonic() - started < 3


def test_without_wait_it_is_asked_once(target_of: TargetOf) -> None:
    reference = Answering(503)
    with pytest.raises(TargetTroubleError):
        probe(target_of(reference))
    assert reference.calls == 1


def test_a_target_that_comes_up_in_time(target_of: TargetOf) -> None:
    target = target_of(Starting(503, 2))
    probe(target, wait=10)
    assert target.removes


def test_a_target_that_listens_late(target_of: TargetOf) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ours, theirs = socket.socketpair()

    def late() -> None:
        time.sleep(0.4)
        app.run(Service(), port=port, stop_when_closed=theirs)

    thread = threading.Thread(target=late)
    thread.start()
    try:
        probe(target_of(f"http://127.0.0.1:{port}"), wait=10)
    finally:
        ours.close()
        thread.join(timeout=10)
        theirs.close()
    assert not thread.is_alive()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 302])
def test_an_owner_that_is_refused_is_no_violation(target_of: TargetOf, status: int) -> None:
    reference = Answering(status, b'{"message": "no"}')
    target = target_of(reference)
    with pytest.raises(TargetTroubleError) as caught:
        probe(target)
    target.close()
    said = str(caught.value)
    assert f"answered {status}" in said
    for word in ("credentials", "--base-url", "--api-root", "/api/analyses/{analysis_id}"):
        assert word in said
    assert "\n" not in said
    assert reference.store.analyses == {}


def test_what_is_not_pending_is_the_providers_fault(target_of: TargetOf) -> None:
    reference = HandsOutFinalized()
    target = target_of(reference)
    with pytest.raises(ProviderError, match="not pending: its `ready` is true; expected a fresh"):
        probe(target)
    target.close()
    assert reference.store.analyses == {}


@pytest.mark.parametrize(
    "body",
    [
        b"not JSON",
        b"[]",
        b'{"ready": true}',
        b'{"ready": 1}',
        b'{"id": "another", "ready": true, "results": {}}',
    ],
)
def test_a_wrong_document_is_left_to_the_promises(target_of: TargetOf, body: bytes) -> None:
    target = target_of(Answering(200, body))
    probe(target)
    assert target.trusts_404


@pytest.mark.parametrize(
    ("names", "removes"),
    [
        ((), True),
        (("remove-not-found",), False),
        (("remove-not-allowed",), False),
        (("remove-not-implemented",), False),
    ],
)
def test_an_unimplemented_remove_is_found_out(
    target_of: TargetOf, names: tuple[str, ...], *, removes: bool
) -> None:
    target = target_of(service((), names))
    probe(target)
    assert target.removes is removes


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_remove_that_denies_what_it_did_is_implemented(target_of: TargetOf, status: int) -> None:
    target = target_of(RemovesAndSays(status))
    probe(target)
    assert target.removes


@pytest.mark.parametrize("fault", ["remove-is-200", "remove-pending-is-409"])
def test_a_remove_that_answers_otherwise_is_implemented(target_of: TargetOf, fault: str) -> None:
    target = target_of(service((fault,), ()))
    probe(target)
    assert target.removes


@pytest.mark.parametrize(
    ("fault", "lets"), [("other-job-finalizes", True), ("other-job-removes", True), ("", False)]
)
def test_a_target_that_lets_others_write_is_found_out(
    target_of: TargetOf, fault: str, *, lets: bool
) -> None:
    target = target_of(service((fault,) if fault else (), ()))
    probe(target)
    assert target.lets_others_write is lets
    assert target.removes


def test_writes_without_an_answer_are_left_to_the_promises(target_of: TargetOf) -> None:
    target = target_of(Hangs())
    target.api.timeout = 0.2
    probe(target)
    assert target.removes
    assert target.lets_others_write, "it may have been obeyed"


def test_a_write_after_which_the_target_is_gone_ends_it(target_of: TargetOf) -> None:
    target = target_of(Hangs(for_good=True))
    target.api.timeout = 0.2
    with pytest.raises(TargetTroubleError, match="gave no answer to PATCH"):
        probe(target)


def test_a_witness_tells_a_restart(target_of: TargetOf) -> None:
    reference = Service()
    target = target_of(reference)
    assert not target.has_forgotten()
    probe(target)
    before = target.bystander()
    assert not target.has_forgotten()
    assert target.bystander() is before
    reference.store.analyses.clear()
    reference.store.jobs.clear()
    assert target.has_forgotten()
    assert not target.has_forgotten()
    assert target.bystander() is not before
    target.close()
    assert reference.store.analyses == {}


@pytest.mark.parametrize("fault", ["remove-takes-neighbours", "finalize-takes-neighbours"])
def test_a_target_that_mixes_neighbours_up_has_forgotten_nothing(
    target_of: TargetOf, fault: str
) -> None:
    target = target_of(service((fault,), ()))
    probe(target)
    stage = Stage(target)
    for _ in range(3):
        stage.removed()
        stage.finalized()
    stage.close()
    assert not target.has_forgotten()


def test_a_404_for_others_proves_nothing(target_of: TargetOf) -> None:
    target = target_of(service(("other-job-read-is-404",), ()))
    probe(target)
    assert not target.trusts_404
