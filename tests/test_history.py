"""Concurrent answers are right if some order of the requests, one at a time, explains them."""

import json
import math
from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtool_contract.body import Body, classify, finalize_body
from virtool_contract.contract import Contract
from virtool_contract.exchange import Response
from virtool_contract.history import Event, History
from virtool_contract.model import Caller
from virtool_contract.scenario import Step
from virtool_contract.subject import Known

ID = "uskrqsxm"
INVALID = classify(b'{"results": null}')
PENDING = {"id": ID, "ready": False}


def final(word: str) -> dict[str, object]:
    return {"id": ID, "ready": True, "results": {"by": word}}


def reply(status: int, document: object = None) -> Response:
    raw = b"" if document is None else json.dumps(document).encode()
    headers = (("Content-Type", "application/json"),)
    return Response(status=status, headers=headers, body=raw, elapsed=0.0)


def event(
    operation: str,
    when: tuple[float, float],
    response: Response | None,
    body: Body | None = None,
    caller: Caller = Caller.OWNER,
) -> Event:
    step = Step(subject="A", operation=operation, body=body, caller=caller)
    return Event(client=1, step=step, called=when[0], returned=when[1], response=response)


def finalize(
    word: str, status: int, when: tuple[float, float] = (0, 10), *, answered: str = ""
) -> Event:
    """A finalize with results that name it; a success answers with them, or with `answered`."""
    response = reply(status, final(answered or word) if status == 200 else {"message": "no"})
    return event("finalize", when, response if status else None, finalize_body({"by": word}))


def get(seen: str | int, when: tuple[float, float] = (0, 10)) -> Event:
    """A read that sees somebody's results, nothing yet (""), or that gets a status."""
    if isinstance(seen, int):
        return event("get", when, reply(seen) if seen else None)
    return event("get", when, reply(200, final(seen) if seen else PENDING))


def remove(status: int, when: tuple[float, float] = (0, 10)) -> Event:
    return event("remove", when, reply(status) if status else None)


def history(*events: Event, implemented: bool = True) -> History:
    return History(known=Known(id=ID), events=events, implemented=implemented)


LAST = (20, 20)

EXPLAINABLE = {
    "nothing": (),
    "one finalize": (finalize("one", 200), get("one", LAST)),
    "one wins": (finalize("one", 200), finalize("two", 409), get("one", LAST)),
    "the other wins": (finalize("one", 409), finalize("two", 200), get("two", LAST)),
    "reads before and after": (
        finalize("one", 200),
        get("", (0, 2)),
        get("one", (3, 4)),
        get("one", LAST),
    ),
    "a read while the write is under way may see either": (
        finalize("one", 200, (0, 10)),
        get("", (1, 3)),
        get("one", (2, 4)),
        get("one", LAST),
    ),
    "a read that overlaps another may see less": (
        finalize("one", 200, (0, 10)),
        get("one", (1, 5)),
        get("", (2, 6)),
    ),
    "removal wins": (remove(204), finalize("one", 404), get(404, LAST)),
    "finalize wins": (remove(409), finalize("one", 200), get("one", LAST)),
    "removed once": (remove(204), remove(404), get("", (0, 3)), get(404, LAST)),
    "no answer, and it happened": (finalize("one", 0), get("one", LAST)),
    "no answer, and it did not": (finalize("one", 0), get("", LAST)),
    "no answer, and it happens later": (
        finalize("one", 0, (0, 1)),
        get("", (2, 3)),
        get("one", (4, 5)),
    ),
    "no answer, and it barred another": (
        finalize("one", 0, (0, 1)),
        finalize("two", 409, (2, 3)),
        get("one", LAST),
    ),
    "a 500, and it happened": (finalize("one", 500), get("one", LAST)),
    "a 500, and it did not": (finalize("one", 500), finalize("two", 200), get("two", LAST)),
    "a removal without an answer": (remove(0), finalize("one", 404), get(404, LAST)),
    "a read without an answer": (finalize("one", 200), get(0), get("one", LAST)),
    "a write claims the analysis, and another gives way": (
        finalize("one", 200, (0, 10)),
        finalize("two", 409, (1, 2)),
        remove(423, (1, 2)),
        get("", (3, 4)),
        get("one", LAST),
    ),
    "one that is told to come later met one that was refused": (
        finalize("one", 423, (0, 2)),
        event("finalize", (1, 3), reply(422), INVALID),
        get("", LAST),
    ),
    "a write without an answer may have claimed it": (
        finalize("one", 0, (0, 1)),
        finalize("two", 409, (2, 3)),
        get("", LAST),
    ),
    "times that touch have no order": (finalize("one", 200, (0, 1)), get("", (1, 2))),
}

UNEXPLAINABLE = {
    "both acknowledged": (finalize("one", 200), finalize("two", 200), get("two", LAST)),
    "both told to come later": (finalize("one", 423), finalize("two", 429), get("", LAST)),
    "told to come later, alone": (finalize("one", 423), get("", LAST)),
    "both refused": (finalize("one", 409), finalize("two", 409), get("", LAST)),
    "one refused, alone": (finalize("one", 409), get("", LAST)),
    "the loser's results": (finalize("one", 200), finalize("two", 409), get("two", LAST)),
    "answered with the results of the other": (
        finalize("one", 200, answered="two"),
        finalize("two", 409),
    ),
    "acknowledged and lost": (finalize("one", 200), get("", LAST)),
    "a write that is not read after its answer": (finalize("one", 200, (0, 1)), get("", (2, 3))),
    "a read that goes back": (finalize("one", 200, (0, 10)), get("one", (1, 2)), get("", (3, 4))),
    "seen before it was sent": (get("one", (0, 1)), finalize("one", 200, (2, 3))),
    "not found for a moment": (finalize("one", 200), get(404), get("one", LAST)),
    "removed and finalized": (remove(204), finalize("one", 200), get("one", LAST)),
    "finalized and removed": (finalize("one", 200), remove(204), get(404, LAST)),
    "removed twice": (remove(204), remove(204), get(404, LAST)),
    "removed and still there": (remove(204), get("", LAST)),
    "back from the dead": (remove(204, (0, 1)), finalize("one", 200, (2, 3)), get("one", LAST)),
    "refused for nothing": (remove(409), get("", LAST)),
    "refused ahead of the other": (
        finalize("two", 409, (0, 1)),
        finalize("one", 200, (2, 3)),
        get("one", LAST),
    ),
    "nobody's results": (finalize("one", 0), get("two", LAST)),
    "no answer, seen and unseen": (finalize("one", 0), get("one", (1, 2)), get("", (3, 4))),
    "no answer, effective before it was sent": (get("one", (0, 1)), finalize("one", 0, (2, 3))),
    "no answer, and yet two": (
        finalize("one", 0),
        finalize("two", 200),
        get("one", (11, 12)),
        get("two", LAST),
    ),
}

TORN = {
    "ready without results": {"id": ID, "ready": True, "results": {}},
    "ready with null": {"id": ID, "ready": True, "results": None},
    "ready with none": {"id": ID, "ready": True},
    "results and not ready": {"id": ID, "ready": False, "results": {"by": "one"}},
}


@pytest.mark.parametrize("events", EXPLAINABLE.values(), ids=EXPLAINABLE)
def test_what_some_order_explains(contract: Contract, events: tuple[Event, ...]) -> None:
    assert history(*events).is_explainable(contract)
    assert history(*reversed(events)).is_explainable(contract), "they come in any order"


@pytest.mark.parametrize("events", UNEXPLAINABLE.values(), ids=UNEXPLAINABLE)
def test_what_no_order_explains(contract: Contract, events: tuple[Event, ...]) -> None:
    assert not history(*events).is_explainable(contract)
    assert not history(*reversed(events)).is_explainable(contract), "they come in any order"


@pytest.mark.parametrize("document", TORN.values(), ids=TORN)
def test_a_torn_read_has_no_place_in_any_order(
    contract: Contract, document: dict[str, object]
) -> None:
    torn = event("get", (1, 2), reply(200, document))
    assert not history(finalize("one", 200), torn, get("one", LAST)).is_explainable(contract)


def test_the_answer_to_a_finalize_must_not_be_torn(contract: Contract) -> None:
    torn = event("finalize", (0, 1), reply(200, PENDING), finalize_body({"by": "one"}))
    assert not history(torn, get("one", LAST)).is_explainable(contract)


def test_requests_of_others_must_be_refused(contract: Contract) -> None:
    def others(operation: str, status: int, document: object = None) -> Event:
        body = finalize_body({"by": "other"}) if operation == "finalize" else None
        return event(operation, (0, 10), reply(status, document), body, Caller.OTHER_JOB)

    mine = (finalize("one", 200), get("one", LAST))
    assert history(others("finalize", 403), others("get", 403), *mine).is_explainable(contract)
    assert history(others("remove", 404), *mine).is_explainable(contract)
    assert not history(others("finalize", 200, final("other")), *mine).is_explainable(contract)
    assert not history(others("get", 200, PENDING), *mine).is_explainable(contract)
    assert not history(others("remove", 204), *mine).is_explainable(contract)


def test_an_invalid_body_never_takes_effect(contract: Contract) -> None:
    refused = event("finalize", (0, 10), reply(422), INVALID)
    taken = event("finalize", (0, 10), reply(200, final("one")), INVALID)
    late = event("finalize", (0, 10), reply(409), INVALID)
    assert history(refused, finalize("one", 200), get("one", LAST)).is_explainable(contract)
    assert history(late, finalize("one", 200), get("one", LAST)).is_explainable(contract)
    assert not history(taken, get("one", LAST)).is_explainable(contract)
    assert not history(refused, finalize("one", 409), get("", LAST)).is_explainable(contract)


def test_a_body_that_may_be_refused_has_no_effect_when_it_is(contract: Contract) -> None:
    def extra(status: int, document: object = None) -> Event:
        body = finalize_body({"by": "extra"}, beside="yes")
        return event("finalize", (0, 10), reply(status, document), body)

    assert history(extra(400, {"message": "no"}), get("", LAST)).is_explainable(contract)
    assert history(extra(400), finalize("one", 200), get("one", LAST)).is_explainable(contract)
    assert history(extra(200, final("extra")), get("extra", LAST)).is_explainable(contract)
    assert not history(extra(400), get("extra", LAST)).is_explainable(contract)
    assert not history(extra(200, final("extra")), get("", LAST)).is_explainable(contract)


def test_where_remove_is_not_implemented_it_must_be_refused(contract: Contract) -> None:
    for status in (404, 405, 501):
        events = (remove(status), finalize("one", 200), get("one", LAST))
        assert history(*events, implemented=False).is_explainable(contract)
    gone = (remove(405), get(404, LAST))
    assert not history(*gone, implemented=False).is_explainable(contract)
    assert not history(remove(405), get("", LAST)).is_explainable(contract), "it is implemented"


def test_a_state_before_the_first_event_counts(contract: Contract) -> None:
    known = Known(id=ID, removed=False)
    assert History(known=known, events=(get(""),)).is_explainable(contract)
    assert not History(known=known, events=(get("one"),)).is_explainable(contract)


CULPRITS = {
    "two finalizes": ((finalize("one", 200), finalize("two", 200), get("two", LAST)), "finalize"),
    "two removals": ((remove(204), remove(204), get(404, LAST)), "remove"),
    "both refused": ((finalize("one", 409), finalize("two", 409), get("", LAST)), "finalize"),
    "removals refused": ((remove(409), remove(409), get("", LAST)), "remove"),
    "a finalize undid a removal": (
        (remove(204), finalize("one", 200), get("one", LAST)),
        "finalize",
    ),
    "a removal undid a finalize": ((remove(204), finalize("one", 200), get(404, LAST)), "remove"),
    "two finalizes beside a removal": (
        (remove(204), finalize("one", 200), finalize("two", 200), get(404, LAST)),
        "finalize",
    ),
    "a finalize that was acknowledged, a removal that was not": (
        (finalize("one", 200), remove(409), get("", LAST)),
        "finalize",
    ),
    "a removal that was acknowledged, a finalize that was not": (
        (finalize("one", 409), remove(204), get("", LAST)),
        "remove",
    ),
    "reads only": ((get("one"), get("", LAST)), "finalize"),
    "a last read without an answer": (
        (remove(204), finalize("one", 200), get(0, LAST)),
        "remove",
    ),
}


@pytest.mark.parametrize(("events", "culprit"), CULPRITS.values(), ids=CULPRITS)
def test_the_culprit_is_the_write_that_undid_another(
    contract: Contract, events: tuple[Event, ...], culprit: str
) -> None:
    for order in (events, events[::-1]):
        assert history(*order).culprit() == culprit
    if events[-1].response:
        assert not history(*events).is_explainable(contract), "only then is there a culprit"


def test_lost_names_acknowledged_results_that_the_last_read_lacks() -> None:
    one, two = finalize("one", 200), finalize("two", 200)
    said = "acknowledged and lost: "
    assert history(one, two, get("two", LAST)).lost() == said + '{"by": "one"}'
    assert history(one, two, get("", LAST)).lost() == said + '{"by": "one"}, {"by": "two"}'
    assert history(one, get(404, LAST)).lost() == said + '{"by": "one"}'
    assert history(one, finalize("two", 409), get("one", LAST)).lost() == ""
    assert history(finalize("one", 0), finalize("two", 500), get("", LAST)).lost() == ""


def test_a_read_of_another_analysis_is_explained_by_no_order(contract: Contract) -> None:
    other = event("get", (0, 10), reply(200, {**PENDING, "id": "other"}))
    mixed_up = history(finalize("one", 200), other, get("one", LAST))
    assert not mixed_up.is_explainable(contract)
    assert mixed_up.actual() == f"a read of {ID} shows other"
    assert history(other).is_explainable(contract), "it takes no race to see that"
    assert mixed_up.clause(contract) == "get.identity"
    assert history(finalize("one", 200), get("", LAST)).actual().startswith("acknowledged and lost")
    assert history(get("one"), get("", LAST)).actual() == "no order explains these answers"


def test_the_id_of_an_error_is_no_analysis(contract: Contract) -> None:
    refused = event("get", (0, 10), reply(403, {"id": "forbidden"}), caller=Caller.OTHER_JOB)
    assert history(finalize("one", 200), refused, get("one", LAST)).is_explainable(contract)
    gone = event("get", (0, 10), reply(404, {"id": "not_found"}))
    raced = history(finalize("one", 200), gone, get("one", LAST))
    assert raced.clause(contract) == "finalize.atomic"


def test_the_timeline_tells_each_event_in_the_order_of_the_calls() -> None:
    stolen = event("get", (0.004, 0.005), reply(403), caller=Caller.OTHER_JOB)
    events = (
        get("one", (0.0031, 0.1)),
        finalize("one", 200, (0.0, 0.0025)),
        stolen,
        finalize("two", 0, (0.001, 2)),
        event("get", (0.006, 0.007), reply(200)),
    )
    assert list(history(*events).timeline()) == [
        (
            '    0.0 to     2.5 ms  client 1  finalize {"by": "one"}: 200, '
            'ready true, results {"by": "one"}'
        ),
        '    1.0 to  2000.0 ms  client 1  finalize {"by": "two"}: no answer',
        '    3.1 to   100.0 ms  client 1  get: 200, ready true, results {"by": "one"}',
        "    4.0 to     5.0 ms  client 1  get by other job: 403",
        "    6.0 to     7.0 ms  client 1  get: 200",
    ]


def test_many_clients_without_answers_are_judged_in_no_time(contract: Contract) -> None:
    unanswered = [finalize(f"n{n}", 0) for n in range(6)]
    reads = [get("", (0, 10)) for _ in range(6)]
    assert not history(*unanswered, *reads, get("nobody", LAST)).is_explainable(contract)


# An oracle of its own: all orders, tried one by one against a few lines of model.

State: TypeAlias = str
"""Empty while pending, "gone" when removed, else whose results there are."""


def right(event: Event, state: State) -> State | None:
    """The state after an event in that state, None if its answer is not right there."""
    response = event.response
    assert response
    refused = 400 <= response.status < 500
    if event.step.operation == "get":
        if state == "gone":
            return state if refused else None
        wanted = final(state) if state else PENDING
        ok = response.status == 200 and json.loads(response.body) == wanted
        return state if ok else None
    body = event.step.body
    if state or (body is not None and body.flaw):
        return state if refused else None
    return effect(event, state) if accepted(event) else None


def accepted(event: Event) -> bool:
    response = event.response
    assert response
    if event.step.operation == "remove":
        return response.status == 204
    assert event.step.body
    wanted = {"id": ID, "ready": True, "results": event.step.body.results}
    return response.status == 200 and json.loads(response.body) == wanted


def effect(event: Event, state: State) -> State:
    """The state after an event that took effect, if it could."""
    body = event.step.body
    if state or event.step.operation == "get" or (body and body.flaw):
        return state
    if body is None:
        return "gone"
    assert isinstance(body.results, dict)
    return str(body.results["by"])


def in_order(events: Sequence[Event]) -> bool:
    return not any(
        not later.is_uncertain and later.returned < earlier.called
        for index, earlier in enumerate(events)
        for later in events[index + 1 :]
    )


def subsets(events: Sequence[Event]) -> Iterator[tuple[Event, ...]]:
    """The events that took effect or have an answer: any choice of the uncertain ones."""
    uncertain = [each for each in events if each.is_uncertain]
    for bits in range(2 ** len(uncertain)):
        chosen = [each for n, each in enumerate(uncertain) if bits >> n & 1]
        yield tuple(e for e in events if not e.is_uncertain or any(e is each for each in chosen))


def explains(order: Sequence[Event]) -> bool:
    state: State | None = ""
    for each in order:
        assert state is not None
        state = effect(each, state) if each.is_uncertain else right(each, state)
        if state is None:
            return False
    return True


def gives_way(event: Event, events: Sequence[Event]) -> bool:
    """Whether a write is refused while another, that takes effect or may do so, is under way."""
    if event.step.operation == "get" or event.response is None or event.response.status // 100 != 4:
        return False
    writes = [each for each in events if each is not event and each.step.operation != "get"]
    returns = {id(e): math.inf if e.is_uncertain else e.returned for e in writes}
    done = [e for e in writes if e.is_uncertain or (e.response and e.response.status < 300)]
    return any(e.called <= event.returned and event.called <= returns[id(e)] for e in done)


def by_brute_force(events: Sequence[Event]) -> bool:
    firm = [each for each in events if not gives_way(each, events)]
    return any(
        in_order(order) and explains(order)
        for some in subsets(firm)
        for order in permutations(some)
    )


WORDS = ("one", "two")
SPANS = st.tuples(st.integers(0, 6), st.integers(0, 4)).map(lambda each: (each[0], sum(each)))
EVENTS = st.one_of(
    st.builds(
        finalize,
        st.sampled_from(WORDS),
        st.sampled_from((200, 200, 200, 409, 409, 404, 500, 0)),
        SPANS,
    ),
    st.builds(
        finalize, st.sampled_from(WORDS), st.just(200), SPANS, answered=st.sampled_from(WORDS)
    ),
    st.builds(get, st.sampled_from(("", "", "one", "one", "two", 404, 0)), SPANS),
    st.builds(remove, st.sampled_from((204, 409, 404, 0, 503)), SPANS),
    st.builds(
        event,
        st.just("finalize"),
        SPANS,
        st.sampled_from((reply(422), reply(500), reply(200, final("one")))),
        st.just(INVALID),
    ),
)


@settings(deadline=None, derandomize=True, max_examples=300, database=None)
@given(st.lists(EVENTS, min_size=1, max_size=5))
def test_the_search_finds_what_all_orders_find(contract: Contract, events: list[Event]) -> None:
    assert history(*events).is_explainable(contract) is by_brute_force(events)


@st.composite
def carried_out(draw: st.DrawFn) -> list[Event]:
    """A history that came about: points in time at which requests took effect, and their answers.

    Some answers did not arrive.
    """
    state: State = ""
    events = []
    kinds = draw(st.lists(st.sampled_from(("get", "remove", *WORDS)), min_size=1, max_size=5))
    for moment, kind in enumerate(kinds):
        when = (moment - draw(st.integers(0, 3)), moment + draw(st.integers(0, 3)))
        done = not state
        if kind == "get":
            happened = get(404 if state == "gone" else state, when)
        elif kind == "remove":
            refusal = 404 if state == "gone" else 409
            happened = remove(204 if done else refusal, when)
            state = "gone" if done else state
        else:
            refusal = 404 if state == "gone" else 409
            happened = finalize(kind, 200 if done else refusal, when)
            state = kind if done else state
        answered = draw(st.integers(0, 4)) > 0
        lost = event(happened.step.operation, when, None, happened.step.body)
        events.append(happened if answered else lost)
    return events


@settings(deadline=None, derandomize=True, max_examples=150, database=None)
@given(carried_out())
def test_what_came_about_is_explained(contract: Contract, events: list[Event]) -> None:
    assert by_brute_force(events), "or the oracle of this test is wrong"
    assert history(*events).is_explainable(contract)


@settings(deadline=None, derandomize=True, max_examples=150, database=None)
@given(carried_out(), st.data())
def test_one_changed_answer_is_judged_as_by_all_orders(
    contract: Contract, events: list[Event], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(events) - 1))
    other = data.draw(EVENTS)
    old = events[index]
    body = other.step.body if other.step.operation == "finalize" else None
    events[index] = event(other.step.operation, (old.called, old.returned), other.response, body)
    assert history(*events).is_explainable(contract) is by_brute_force(events)
