"""Before the first promise: is there a target, a provider, a pending analysis, and a Remove?

Anything wrong here means that nothing can be established (exit 3); it is never a violation.
"""

import time
from contextlib import suppress

from virtool_contract.body import finalize_body
from virtool_contract.exchange import Exchange
from virtool_contract.json_values import NotJsonError, parse
from virtool_contract.judge import describe
from virtool_contract.model import Caller
from virtool_contract.provider import check_pending
from virtool_contract.subject import Subject
from virtool_contract.target import UNAVAILABLE, Target, TargetTroubleError

INTERVAL = 0.2
"""Seconds between two tries while a target starts."""


def probe(target: Target, wait: float = 0.0) -> None:
    """Find out what holds for a target, and note it there.

    `wait` is how many seconds the target may take to come up.

    Raises:
        TargetTroubleError: it cannot be reached, or does not know the analysis it should hold.
        ProviderError: the provider cannot be reached, refuses, or hands out what is not pending.
    """
    wait_for(target, wait)
    target.call_witnesses()
    subject = target.pending("probe", files=False)
    try:
        _readable(target, subject)
        _characterize(target, subject)
    finally:
        target.tear_down(subject)


def wait_for(target: Target, seconds: float) -> None:
    """Wait until the target answers a read of an id nobody has, and not that it is unavailable."""
    until = time.monotonic() + seconds
    while True:
        exchange = target.ask_for_nobody()
        answer = exchange.response
        if answer is not None and answer.status not in UNAVAILABLE:
            return
        if time.monotonic() >= until:
            what = exchange.failure or f"it answers {answer.status if answer else 'nothing'}"
            raise TargetTroubleError(
                f"the target at {target.api.base_url} (--base-url) cannot be reached: {what}"
            )
        time.sleep(INTERVAL)


def _send(
    target: Target, subject: Subject, method: str, caller: Caller, body: bytes = b""
) -> Exchange:
    """Send one request; that a write has no answer, the promises will report.

    Raises:
        TargetTroubleError: a read has none, or the target is gone.
    """
    headers = target.headers(caller, subject.credentials)
    if body:
        headers = (*headers, ("Content-Type", "application/json"))
    tag = target.tag(subject, caller)
    exchange = target.api.send(method, subject.known.id, headers, body, tag)
    is_read = method == target.contract.operations["get"].method
    if exchange.response is None and (is_read or not target.is_alive()):
        raise TargetTroubleError(
            f"the target at {target.api.base_url} gave no answer to {method} {target.api.path}: "
            f"{exchange.failure}"
        )
    return exchange


def _readable(target: Target, subject: Subject) -> None:
    answer = _send(target, subject, "GET", Caller.OWNER).response
    assert answer is not None
    where = target.api.path
    said = target.api.secrets.hide(describe(answer))
    if answer.status != 200:
        raise TargetTroubleError(
            f"the job that runs the analysis cannot read it: GET {where} answered "
            f"{said}; are the provider's credentials, --base-url ({target.api.base_url}) and "
            "--api-root right, and is a --state-file one that no run has used before?"
        )
    with suppress(NotJsonError):  # a broken clause, which the promises will report
        check_pending(subject.known.id, parse(answer.body))


def check_provider(target: Target) -> None:
    """Make sure, before a target is accused, that what it is given to work on is pending.

    Raises:
        TargetTroubleError, ProviderError: as `probe`.
    """

    def look(subject: Subject) -> None:
        answer = _send(target, subject, "GET", Caller.OWNER).response
        assert answer is not None
        with suppress(NotJsonError):
            check_pending(subject.known.id, parse(answer.body))

    target.tear_down(target.assured(lambda: target.pending("check", files=False), look))


def _characterize(target: Target, subject: Subject) -> None:
    """Note what the target makes of analyses of others, and of a removal."""
    foreign = _send(target, subject, "GET", Caller.OTHER_JOB).response
    assert foreign is not None
    target.trusts_404 = foreign.status != 404
    target.lets_others_write = _lets_others_write(target, subject)
    target.removes = _removes(target, subject)


def _lets_others_write(target: Target, subject: Subject) -> bool:
    """Whether another job may write; then a write to an id that is nobody's may hit somebody's.

    One that has no answer may have been obeyed.
    """
    for operation in target.contract.operations.values():
        if operation.id == "get":
            continue
        body = target.on_the_wire(finalize_body({"foo": "bar"})) if operation.takes_body else b""
        answer = _send(target, subject, operation.method, Caller.OTHER_JOB, body).response
        if answer is None or answer.status < 300:
            return True
    return False


def _removes(target: Target, subject: Subject) -> bool:
    """Whether Remove is there: not if it says so to an owner and the analysis is still there."""
    operation = target.contract.operations["remove"]
    answer = _send(target, subject, operation.method, Caller.OWNER).response
    if answer is None or answer.status not in operation.unimplemented:
        return True
    kept = _send(target, subject, "GET", Caller.OWNER).response
    return kept is None or kept.status != 200
