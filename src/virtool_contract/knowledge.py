"""How knowledge of a subject follows from an answer. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from virtool_contract.body import Body, Kind
from virtool_contract.contract import Contract
from virtool_contract.documents import seen
from virtool_contract.exchange import Response
from virtool_contract.json_values import Json, NotJsonError, parse
from virtool_contract.model import Due, Phase
from virtool_contract.subject import READ, Cause, Known


def after_success(known: Known, due: Due, body: Body | None) -> Known:
    """What is known once the request has succeeded."""
    phase = due.next_phase(int(due.operation.success.status))
    if phase is known.phase:
        return known
    cause = Cause(operation=due.operation.id, topic="effect", kind=due.kind)
    if phase is Phase.ABSENT:
        return replace(known, phase=phase, removed=True, cause=cause)
    results = body.results if body else None
    return replace(
        known,
        phase=phase,
        results=results,
        results_kind=due.kind,
        document=_finalized(known.document, results),
        cause=cause,
        sent_beside=sent_beside(body),
    )


def _finalized(document: Mapping[str, Json] | None, results: Json) -> Mapping[str, Json] | None:
    """The document that must follow: a read need not come before the next write does."""
    if document is None:
        return None
    changed = {**document, "ready": True, "results": results}
    if results is None:  # a body that was not read, so nothing is known of them
        del changed["results"]
    return changed


def sent_beside(body: Body | None) -> Mapping[str, Json] | None:
    """The members that a body carries beside its results; None for none."""
    if body is None:
        return None
    try:
        value = parse(body.raw)
    except NotJsonError:
        return None
    if not isinstance(value, dict):
        return None
    return {key: item for key, item in value.items() if key != "results"} or None


def after_write(known: Known, due: Due, status: int, body: Body | None, after: Known) -> Known:
    """What is known once a write was answered; `after` is what a success leaves.

    A wrong status teaches nothing: what that has done, if anything, a read shows.
    """
    if due.operation.success.covers(status) and not due.refused:
        return after
    if not due.permits(status):
        is_beyond = due.kind is Kind.BEYOND_I_JSON and not due.refused
        return replace(known, results_kind=due.kind) if is_beyond else known  # they may be there
    reason = due.blamed or str(due.kind)
    refinement = str(due.flaw) if reason == "invalid-body" else due.caller.replace(" ", "-")
    cause = Cause(operation=due.operation.id, topic=f"effect-of-refusal.{reason}.{refinement}")
    return replace(known, cause=cause, sent_beside=sent_beside(body))


def after_read(contract: Contract, known: Known, document: Mapping[str, Json]) -> Known:
    """What is known once the owner has read a document."""
    return replace(known, document=seen(contract, document), cause=READ)


def after_a_wrong_answer(due: Due, status: int, after: Known, shown: Known) -> Known:
    """What is known once a write has had a wrong answer, and a read has `shown` what came of it.

    Where both say that it has succeeded it has, and all is asked for that must follow (`after`);
    otherwise the read is taken at its word.
    """
    has_succeeded = 200 <= status < 300 and not due.refused and after.phase is not due.phase
    return after if has_succeeded and shown.phase is after.phase else shown


def adopted(contract: Contract, known: Known, response: Response) -> Known:
    """What is known once the target's own word is taken for it, after a violation."""
    if response.status in {404, 410}:
        return replace(known, phase=Phase.ABSENT, removed=False, cause=READ)
    try:
        document = parse(response.body)
    except NotJsonError:
        document = None
    if response.status != 200 or not isinstance(document, dict):
        return replace(known, doubtful=True, cause=None)
    finalized = document.get("ready") is True
    results = document.get("results")
    return replace(
        after_read(contract, known, document),
        phase=Phase.FINALIZED if finalized else Phase.PENDING,
        removed=False,
        results=results if finalized and isinstance(results, dict) else None,
    )
