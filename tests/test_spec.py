"""The YAML is OpenAPI, its examples are what it says, and each clause has a source that exists."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from virtool_contract.contract import Clause, Contract
from virtool_contract.loading import bundled, load

ROOT = Path(__file__).parents[1]
DECISIONS = ROOT / "docs" / "decisions.md"
RAW: dict[str, Any] = yaml.safe_load(Path(bundled()).read_text(encoding="utf-8"))
ITEM: dict[str, Any] = RAW["paths"]["/api/analyses/{analysis_id}"]
CLAUSES = list(load().clauses.values())
SECTIONS = {
    "introduction",
    *(f"Get, {part}" for part in ("endpoint", "Example", "Response", "Errors")),
    *(f"Finalize, {part}" for part in ("Parameters", "Example", "Response", "Errors")),
    *(f"Remove, {part}" for part in ("Example", "Response", "Errors")),
}
PARAGRAPHS = {"Get": 2, "Finalize": 3, "Remove": 3}
ROWS = {"Get": {"403", "404"}, "Finalize": {"404", "409", "results"}, "Remove": {"404", "409"}}


def test_the_contract_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(RAW).validate()


@pytest.mark.parametrize(
    ("method", "schema"), [("get", "Analysis"), ("patch", "FinalizedAnalysis")]
)
def test_the_examples_of_answers_are_valid(contract: Contract, method: str, schema: str) -> None:
    content = ITEM[method]["responses"]["200"]["content"]["application/json"]
    assert content["schema"] == {"$ref": f"#/components/schemas/{schema}"}
    for example in content["examples"].values():
        contract.validators[schema].validate(example["value"])


def test_the_examples_of_requests_are_valid(contract: Contract) -> None:
    content = ITEM["patch"]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        contract.validators["Results"].validate(example["value"])


def test_the_example_of_a_get_is_the_pages(document: dict[str, Any]) -> None:
    content = ITEM["get"]["responses"]["200"]["content"]["application/json"]
    document["subtractions"].pop()
    assert content["examples"]["pending"]["value"] == document


def known_part(part: str) -> bool:
    """Whether a part of a source is a place on the page, a decision or an RFC."""
    if re.fullmatch(r"RFC \d{4}(, sections? .+)?|decision [a-z-]+", part) or part in SECTIONS:
        return True
    if matched := re.fullmatch(r"(Get|Finalize|Remove), paragraphs? (\d)(?: and (\d))?", part):
        return all(int(n) <= PARAGRAPHS[matched[1]] for n in matched.groups()[1:] if n)
    row = re.fullmatch(
        r"(Get|Finalize|Remove), (?:Errors|Parameters), row (\w+)(?: \(\w+\))?", part
    )
    if row:
        return row[2] in ROWS[row[1]]
    # A list of places: "Get, Example and Response", "Get, Finalize and Remove, Errors".
    words = set(re.findall(r"[A-Z]\w+|\d+", part)) - {"None", "Which"}
    named = {"Get", "Finalize", "Remove", "Example", "Response", "Parameters", "Errors", "Message"}
    return bool(words & named) and all(word in named or word == "404" for word in words)


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: str(clause.id))
def test_a_clause_has_a_source_that_exists(clause: Clause) -> None:
    assert [part for part in clause.source.split("; ") if not known_part(part)] == []


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: str(clause.id))
def test_a_clause_is_a_sentence_under_its_own_chapter(clause: Clause) -> None:
    assert clause.says.endswith(".")
    assert clause.says[0].isupper()
    if clause.operation:
        assert clause.id.startswith(f"{clause.operation}.")


SHOULD = {
    "errors.media-type",
    "errors.message",
    "finalize.beyond-i-json",
    "finalize.forbidden",
    "remove.forbidden",
}


def test_the_levels_are_those_of_the_design(contract: Contract) -> None:
    levels = {clause.id: clause.level for clause in contract.clauses.values()}
    assert {name for name, level in levels.items() if level == "should"} == SHOULD
    assert {level for name, level in levels.items() if name not in SHOULD} == {"must"}


FIRST_LIST = """
get.document get.identity get.own-only get.analysis-jobs-only get.absent get.safe get.files
get.results-when-ready finalize.answer finalize.ready finalize.results finalize.freeform
finalize.changes-nothing-else finalize.results-required finalize.results-object finalize.body-json
finalize.once finalize.keeps-first-results finalize.absent finalize.own-only finalize.atomic
remove.pending remove.gone remove.no-content remove.absent remove.finalized-stays remove.own-only
remove.atomic access.credentials errors.message errors.media-type errors.no-server-error isolation
media-type documented-status
"""


def test_every_clause_of_the_design_is_there(contract: Contract) -> None:
    assert set(FIRST_LIST.split()) - contract.clauses.keys() == set()


STATUSES: dict[str, dict[str, tuple[set[str], str]]] = {
    "get": {
        "401": ({"unauthenticated"}, ""),
        "403": ({"not-own", "unauthenticated"}, "Insufficient rights"),
        "404": ({"absent"}, "Not found"),
    },
    "finalize": {
        "401": ({"unauthenticated"}, ""),
        "403": ({"not-own", "unauthenticated"}, ""),
        "404": ({"absent"}, "Not found"),
        "409": ({"finalized"}, "There is already a result for this analysis"),
        "4XX": ({"invalid-body", "not-own"}, ""),
    },
    "remove": {
        "401": ({"unauthenticated"}, ""),
        "403": ({"not-own", "unauthenticated"}, ""),
        "404": ({"absent"}, "Not found"),
        "409": ({"finalized"}, "Analysis is finalized"),
        "4XX": ({"not-own"}, ""),
    },
}
SUCCESSES = {"get": ("200", ""), "finalize": ("200", "finalized"), "remove": ("204", "absent")}


@pytest.mark.parametrize("operation", STATUSES)
def test_the_refusals_are_those_of_page_and_design(contract: Contract, operation: str) -> None:
    answers = contract.operations[operation].answers
    refusals = {each.status: (set(each.reasons), each.message) for each in answers if each.reasons}
    assert refusals == STATUSES[operation]


@pytest.mark.parametrize("operation", SUCCESSES)
def test_the_successes_are_those_of_the_page(contract: Contract, operation: str) -> None:
    success = contract.operations[operation].success
    assert (success.status, success.leaves) == SUCCESSES[operation]
    assert len(contract.operations[operation].answers) == len(STATUSES[operation]) + 1


def decisions_in(text: str) -> set[str]:
    """The slugs that have a heading, or an anchor, in the list of decisions."""
    headings = re.findall(r"^#+ +`?([a-z][a-z-]+)`?(?=\s|:|$)", text, re.MULTILINE)
    anchors = re.findall(r"(?:id|name)=\"([a-z][a-z-]+)\"|\{#([a-z][a-z-]+)\}", text)
    return {*headings, *(slug for pair in anchors for slug in pair if slug)}


def test_every_decision_that_is_named_is_explained() -> None:
    text = Path(bundled()).read_text(encoding="utf-8")
    named = set(re.findall(r"\bdecision:? ([a-z][a-z-]+)", text))
    assert "credentials" in named
    assert named - decisions_in(DECISIONS.read_text(encoding="utf-8")) == set()
