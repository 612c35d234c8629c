"""report.html: one page that needs nothing but itself, and shows what a target sent as text."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from tests.conftest import Answering
from tests.reports.conftest import SCENARIO, Making, deviation
from tests.reports.html_runs import BY_MANY, EVENTS, RUNS, conforming, exercised, hostile, violating
from virtool_contract.body import finalize_body
from virtool_contract.contract import Contract
from virtool_contract.history import Event, History
from virtool_contract.model import Caller, Phase
from virtool_contract.reports import html
from virtool_contract.reports.html import diagram, matrix, page, sequences, speed, states
from virtool_contract.reports.html.page import SHOWN
from virtool_contract.reports.report import Report
from virtool_contract.scenario import Step
from virtool_contract.subject import Known
from virtool_contract.verdict import Outcome, Scope

VOID = {"meta", "input", "link", "br"}


class Page(HTMLParser):
    """A page as a reader of HTML finds it: elements with their attributes, and the text of each.

    It refuses an element that is not closed, or in the wrong place.
    """

    def __init__(self, content: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(content)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def within(self, tag: str) -> str:
        return "".join(text for inside, text in self.texts if inside == tag)

    @property
    def text(self) -> str:
        shown = [text for inside, text in self.texts if inside not in {"style", "script"}]
        return " ".join(" ".join(shown).split())


def page_of(report: Report) -> Page:
    return Page(html.render(report).decode())


@pytest.fixture(params=("conforming", "violating", "hostile"))
def run(request: pytest.FixtureRequest, made: Making) -> Report:
    make: Callable[[Making], Report] = RUNS[request.param]
    return make(made)


# What holds for every page


def test_the_policy_allows_the_two_parts_of_the_page_and_nothing_else(run: Report) -> None:
    found = page_of(run)
    (policy,) = [meta["content"] for meta in found.of("meta") if "http-equiv" in meta]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest(found.within('style'))}'",
        "script-src": f"'sha256-{digest(found.within('script'))}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def test_nothing_is_loaded_and_every_link_leads_to_a_place_on_the_page(run: Report) -> None:
    found = page_of(run)
    assert [
        attributes for _, attributes in found.elements if {"src", "style"} & {*attributes}
    ] == []
    assert [name for _, each in found.elements for name in each if name.startswith("on")] == []
    assert found.of("link") == found.of("img") == found.of("iframe") == []
    assert "url(" not in found.within("style")
    places = {f"#{attributes['id']}" for _, attributes in found.elements if "id" in attributes}
    links = {attributes["href"] for attributes in found.of("a")}
    assert links
    assert links - places == set()


def test_ids_are_unique(run: Report) -> None:
    ids = Counter(each["id"] for _, each in page_of(run).elements if "id" in each)
    assert [name for name, count in ids.items() if count > 1] == []


def test_nothing_that_cannot_be_printed_is_in_it(run: Report) -> None:
    content = html.render(run).decode()
    assert {char for char in content if not char.isprintable()} == {"\n"}


def test_what_a_target_sent_is_text(made: Making) -> None:
    nasty, tame = page_of(hostile(made)), page_of(violating(made))
    assert {tag for tag, _ in nasty.elements} <= {tag for tag, _ in tame.elements}
    assert len(nasty.of("script")) == 1
    assert r"<script>alert(1)</script> &amp; \x00\x1b[31m\r" in nasty.text
    assert r"\x85\u202e\u2028\ud800\uffff | `code`" in nasty.text


# The verdicts


def test_the_head_says_what_became_of_the_run(made: Making) -> None:
    text = page_of(violating(made)).text
    for said in (
        "✗ Violates ✗ 4 broken ~ 1 waived ✓ 37 kept ? 1 unobserved",
        "Target http://localhost:1 Contract version 1.0.0 Effort standard Seed 0",
        "Requests 42 Duration 1.2 s Rate 34 requests/s",
        "Adapted to the target",
        "a reset",
        "10 more are in report.json",
    ):
        assert said in text


def test_it_says_why_a_run_could_not_test(made: Making) -> None:
    report = made(kept=False, scope=Scope(problem="the target is away"))
    text = page_of(replace(report, seconds=0.0, base_url="")).text
    assert "? Could not test the target is away" in text
    assert "Target none" in text
    assert "Rate 0 requests/s" in text


def test_waivers_that_fail_the_run_are_named(every_way: Report) -> None:
    (rotten,) = every_way.verdicts.rotten
    assert f"Waivers that fail the run {rotten.says}" in page_of(every_way).text


def test_every_clause_is_there_with_its_verdict_in_the_order_of_the_page(made: Making) -> None:
    report = violating(made)
    shown = page_of(report)
    verdicts = {each.clause.id: each for each in report.verdicts.clauses}
    ids = [attributes["id"] for attributes in shown.of("details")]
    assert sorted(ids) == sorted(verdicts)
    chapters = list(dict.fromkeys(verdicts[each].clause.operation for each in ids))
    assert chapters == ["get", "finalize", "remove", ""]
    marked = [each["data-verdict"] for each in shown.of("li") if "data-verdict" in each]
    assert marked == [str(verdicts[each].outcome) for each in ids]


def test_what_counts_is_listed_first(made: Making) -> None:
    view = page.view(made(deviation("errors.message"), deviation("remove.gone")))
    assert [each.verdict.clause.id for each in view.broken] == ["remove.gone", "errors.message"]


def test_only_so_many_are_listed(made: Making) -> None:
    view = page.view(RUNS["thousand"](made))
    assert (len(view.broken), view.more) == (20, 984)


def test_a_broken_clause_has_all_that_shows_it(made: Making) -> None:
    text = page_of(made(deviation("finalize.once"))).text
    for said in (
        "Expected 404 Received 200 Seen always (3 of 3 replays)",
        "The shortest sequence that shows it",
        'owner of A: finalize A PATCH {"results": {"foo": "bar"}}',
        "received: 200",
        'curl -isS -X PATCH "$BASE_URL/api/analyses/${A_ID}"',
        "again -k finalize.once",
    ):
        assert said in text.replace('{"results":{"foo":"bar"}}', '{"results": {"foo": "bar"}}')


def test_a_waived_deviation_is_shown_with_its_waiver(every_way: Report) -> None:
    text = page_of(every_way).text
    assert "Waived until 2026-06-30: the archive counts reads, until autumn" in text
    assert "Issue https://example.org/12 Covers get by *: 200 * In this run" in text


def test_a_long_answer_is_cut(made: Making) -> None:
    (entry,) = page.view(made(deviation("get.safe", actual="x" * (SHOWN + 1000)))).broken
    assert entry.broken
    assert entry.broken.received == "x" * SHOWN + "… (1,000 characters more in report.json)"


# Scenarios and races


def test_each_caller_has_a_lane(contract: Contract) -> None:
    shown = sequences.sequence(contract, replace(deviation("get.safe"), scenario=BY_MANY))
    assert shown.lanes == ("owner of A", "other job", "anonymous")
    assert [move.lane for move in shown.moves] == [1, 2, 3]


def test_many_callers_share_a_lane(contract: Contract) -> None:
    steps = tuple(Step(subject="A", operation="get", caller=caller) for caller in Caller)
    scenario = replace(SCENARIO, steps=steps)
    shown = sequences.sequence(contract, replace(deviation("get.safe"), scenario=scenario))
    assert shown.lanes == ("callers",)
    assert [move.caller for move in shown.moves] == ["owner of A", *list(Caller)[1:]]


def test_a_disguise_is_named(contract: Contract) -> None:
    step = Step(subject="A", operation="get", disguise="a blank behind")
    scenario = replace(SCENARIO, steps=(step,))
    shown = sequences.sequence(contract, replace(deviation("get.safe"), scenario=scenario))
    assert shown.moves[0].what == "A, its id disguised: a blank behind"


def test_a_timeline_is_drawn_in_its_time(answering: Answering) -> None:
    step = Step(subject="A", operation="finalize", body=finalize_body({"by": "one"}))
    events = tuple(
        Event(client=n, step=step, called=n / 1000, returned=4 / 1000, response=answering(409))
        for n in (1, 3)
    )
    lines = History(known=Known(id="x"), events=events).timeline()
    first, second, other = sequences.spans([*lines, "something else"])
    assert (first.client, first.times) == ("client 1", "1.0 to 4.0 ms")
    assert first.what == 'finalize {"by": "one"}: 409'
    assert [(each.start, each.width) for each in (first, second, other)] == [
        (25, 75),
        (75, 25),
        (0, 0),
    ]
    assert other.what == "something else"


def test_an_event_that_took_no_time_can_be_seen() -> None:
    last = sequences.spans(EVENTS)[-1]
    assert (last.start, last.width) == (99, 1)


# What was exercised


def arrow(report: Report, operation: str, state: Phase, reason: str = "") -> states.Arrow:
    (found,) = (
        each
        for each in states.arrows(report)
        if (each.operation, each.state, each.reason) == (operation, state, reason)
    )
    return found


def test_arrows_are_those_of_the_contract(made: Making) -> None:
    arrows = states.arrows(made())
    leading = {(each.operation, each.state, each.after) for each in arrows if not each.stays}
    assert leading == {
        ("finalize", Phase.PENDING, Phase.FINALIZED),
        ("remove", Phase.PENDING, Phase.ABSENT),
    }
    refused = {each.reason for each in arrows if each.operation == "finalize" and each.reason}
    assert refused == {"absent", "finalized", "invalid-body", "not-own", "unauthenticated"}


STRANGERS = sum(not caller.is_known for caller in Caller)


def test_an_arrow_counts_what_came_about_and_what_did_not(made: Making) -> None:
    report = exercised(made(), wrong=True)
    assert (arrow(report, "finalize", Phase.PENDING).right) == 4
    assert (arrow(report, "finalize", Phase.PENDING).wrong) == 2
    assert arrow(report, "remove", Phase.ABSENT, "unauthenticated").right == 4 * STRANGERS
    assert arrow(report, "finalize", Phase.PENDING, "invalid-body").right == 0


@pytest.mark.parametrize(
    ("clause", "operation", "state", "reason"),
    [
        ("finalize.once", "finalize", Phase.FINALIZED, "finalized"),
        ("finalize.keeps-first-results", "finalize", Phase.FINALIZED, "finalized"),
        ("finalize.results", "finalize", Phase.PENDING, ""),
        ("remove.gone", "remove", Phase.PENDING, ""),
        ("get.own-only", "get", Phase.PENDING, "not-own"),
        ("finalize.results-object", "finalize", Phase.PENDING, "invalid-body"),
    ],
)
def test_an_arrow_has_the_verdict_of_the_clauses_behind_it(
    made: Making, clause: str, operation: str, state: Phase, reason: str
) -> None:
    found = arrow(exercised(made(deviation(clause))), operation, state, reason)
    assert (found.outcome, found.clause) == (Outcome.BROKEN, clause)
    kept = arrow(exercised(made()), operation, state, reason)
    assert kept.outcome is (Outcome.KEPT if kept.right else Outcome.UNOBSERVED)


def test_a_clause_of_all_operations_marks_the_one_that_broke_it(made: Making) -> None:
    broken = replace(deviation("access.credentials"), request="remove by anonymous")
    report = exercised(made(broken))
    outcomes = {
        name: arrow(report, name, Phase.PENDING, "unauthenticated").outcome
        for name in report.contract.operations
    }
    assert outcomes == {"get": Outcome.KEPT, "finalize": Outcome.KEPT, "remove": Outcome.BROKEN}


def test_an_operation_that_is_not_implemented_is_drawn_so(made: Making) -> None:
    report = made(scope=Scope(removes=False))
    assert arrow(report, "remove", Phase.PENDING).outcome is Outcome.NOT_IMPLEMENTED
    assert arrow(report, "remove", Phase.PENDING, "unimplemented").clause == "remove.harmless"


def test_boxes_arrows_and_labels_of_the_diagram_keep_clear_of_each_other(made: Making) -> None:
    drawn = diagram.layout(conforming(made))
    assert [box.state for box in drawn.boxes] == ["finalized", "pending", "absent"]
    edges = [edge for box in drawn.boxes for edge in (box.top, box.top + box.height)]
    assert edges == sorted(edges)
    assert edges[-1] < drawn.height
    rows = sorted([each.middle for each in drawn.loops] + [e.label for e in drawn.transitions])
    assert min(b - a for a, b in pairwise(rows)) >= diagram.ROW
    ends = {(each.arrow.operation, each.start, each.end) for each in drawn.transitions}
    assert ends == {("finalize", edges[2], edges[1]), ("remove", edges[3], edges[4])}


def test_the_matrix_has_a_row_for_each_caller_and_shows_what_was_not_due(made: Making) -> None:
    tables = {each.operation: each for each in matrix.matrices(exercised(made(), wrong=True))}
    assert tables["finalize"].states == (*Phase, "in doubt")
    rows = dict(tables["finalize"].rows)
    assert list(rows) == list(Caller)
    finalized = [(each.status, each.right, each.count) for each in rows["owner"][1]]
    assert finalized == [(0, False, 1), (409, True, 4), (500, False, 1)]
    assert rows["other job"][3] == ()
    assert matrix.matrices(made())[0].states == tuple(Phase)


def test_latencies_are_shown_where_there_were_answers(made: Making) -> None:
    assert speed.speeds(made()) == ()
    found = {each.operation: each for each in speed.speeds(conforming(made))}
    assert found["get"].percentiles == ("2.1", "531", "531")
    assert found["get"].answers == 4 * len(Caller) * len(Phase)
    assert re.fullmatch(r"M0 20(V[\d.]+h1)+V20Z", found["get"].outline)
    assert found["get"].outline.count("h1") == found["get"].buckets
