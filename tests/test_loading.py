"""The bundled contract loads, and every mistake in another one is told with file, line and key."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from virtool_contract.contract import Contract, ContractError
from virtool_contract.loading import bundled, load

TEXT = Path(bundled()).read_text(encoding="utf-8")
PATH = "paths//api/analyses/{analysis_id}"


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str | bytes], str]:
    def write(content: str | bytes) -> str:
        file = tmp_path / "openapi.yaml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(file)

    return write


def complaint(path: str) -> str:
    with pytest.raises(ContractError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(path)
    assert "\n" not in message
    return message.removeprefix(path)


def spoiled(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_bundled_contract_loads(contract: Contract) -> None:
    assert contract.origin == bundled()
    assert contract.version == "1.0.0"
    assert contract.path == "/api/analyses/{analysis_id}"
    methods = {name: operation.method for name, operation in contract.operations.items()}
    assert methods == {"get": "GET", "finalize": "PATCH", "remove": "DELETE"}
    assert [name for name, each in contract.operations.items() if each.takes_body] == ["finalize"]
    assert contract.operations["remove"].unimplemented == {404, 405, 501}
    assert not contract.operations["get"].unimplemented


def test_a_copy_elsewhere_loads(written: Callable[[str | bytes], str]) -> None:
    path = written(TEXT)
    assert load(path).origin == path


def test_races_are_marked(contract: Contract) -> None:
    races = {clause.id for clause in contract.clauses.values() if clause.race}
    assert races == {"finalize.atomic", "remove.atomic"}


MISTAKES: dict[str, tuple[str, str, str, str]] = {
    "an unknown level": (
        "level: should\n    says: An error body",
        "level: shall\n    says: An error body",
        "x-clauses/3/level",
        '"shall"',
    ),
    "a clause id that is there twice": (
        "id: get.absent",
        "id: get.own-only",
        f"{PATH}/get/x-clauses/6/id",
        "'get.own-only' is there twice",
    ),
    "an id that is not a slug": ("id: isolation", "id: Isolation!", "x-clauses/6/id", "Isolation!"),
    "no judges": ("    judges: [bystander]\n", "", "x-clauses/6", '"judges"'),
    "empty judges": ("judges: [bystander]", "judges: []", "x-clauses/6/judges", "[]"),
    "an unknown member of a clause": (
        "judges: [bystander]",
        "judges: [bystander]\n    sauce: x",
        "x-clauses/6",
        "sauce",
    ),
    "an unknown reason": (
        "reasons: [absent]",
        "reasons: [missing]",
        f"{PATH}/get/responses/404/x-refuses/reasons/0",
        '"missing"',
    ),
    "a refusal without its reasons": (
        "          x-refuses: {reasons: [absent], message: Not found}\n",
        "",
        f"{PATH}/get/responses/404",
        '"x-refuses"',
    ),
    "a success that refuses": (
        "description: The complete document.",
        "x-refuses: {reasons: [absent], message: Gone}\n          description: The document.",
        f"{PATH}/get/responses/200",
        "x-refuses",
    ),
    "a message and a decision": (
        "message: Not found}",
        "message: Not found, decision: absent}",
        f"{PATH}/get/responses/404/x-refuses",
        "",
    ),
    "an unknown state": (
        "x-leaves: absent",
        "x-leaves: gone",
        f"{PATH}/delete/responses/204/x-leaves",
        '"gone"',
    ),
    "a $ref to nothing": (
        "$ref: '#/components/schemas/Analysis'",
        "$ref: '#/components/schemas/Analyses'",
        f"{PATH}/get/responses/200/content/application/json/schema/$ref",
        "points at nothing",
    ),
    "a $ref to another file": (
        "$ref: '#/components/schemas/Nested'",
        "$ref: 'other.yaml#/Nested'",
        "components/schemas/Document/properties/job/$ref",
        "points at nothing",
    ),
    "two successes": (
        "        '204':",
        "        '200': {description: Removed as well.}\n        '204':",
        f"{PATH}/delete/responses",
        "exactly one 2xx",
    ),
    "no success": (
        "        '204':",
        "        '304':",
        f"{PATH}/delete/responses",
        "exactly one 2xx",
    ),
    "a range of successes": ("'204':", "'2XX':", f"{PATH}/delete/responses/2XX", "range"),
    "a schema of its own": (
        "schema: {$ref: '#/components/schemas/FinalizedAnalysis'}",
        "schema: {type: object}",
        f"{PATH}/patch/responses/200",
        "$ref",
    ),
    "a status that is none": ("'204':", "'2O4':", f"{PATH}/delete/responses", "2O4"),
    "a missing operation": ("    delete:\n", "    put:\n", PATH, '"delete"'),
    "an unknown operationId": (
        "operationId: remove\n      summary",
        "operationId: delete\n      summary",
        f"{PATH}/delete/operationId",
        '"delete"',
    ),
    "a topic that is judged twice": (
        "judges: [media-type]",
        "judges: [media-type, json]",
        "x-clauses/8/judges",
        "'json' is judged by 'json.well-formed' already",
    ),
    "another OpenAPI": ("openapi: 3.1.0", "openapi: 3.0.3", "openapi", "3.0.3"),
    "a number for a version": ("version: 1.0.0", "version: 1.0", "info/version", "1.0"),
    "a date": ("version: 1.0.0", "version: 2026-01-31", "info/version", "try '2026-01-31'"),
    "a number for a key": (
        "        '200':",
        "        200:",
        f"{PATH}/get/responses/200",
        "try '200'",
    ),
    "a path without the id": (
        "/api/analyses/{analysis_id}:",
        "/api/analyses/{id}:",
        "paths",
        "/api/analyses/{id}",
    ),
    "no documents": ("    Document:\n", "    Papers:\n", "components/schemas", '"Document"'),
    "a schema that is none": (
        "id: {type: string, minLength: 1}\n    Named",
        "id: {type: strong, minLength: 1}\n    Named",
        "components/schemas",
        "strong",
    ),
}


@pytest.mark.parametrize(("old", "new", "key", "why"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_key(
    written: Callable[[str | bytes], str], old: str, new: str, key: str, why: str
) -> None:
    message = complaint(written(spoiled(old, new)))
    told = re.fullmatch(r", line (\d+), (.*?): (.*)", message)
    assert told
    assert told[2] == key
    assert why in told[3]


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("id: isolation", "id: Isolation!", "id: Isolation!"),
        ("reasons: [absent]", "reasons: [missing]", "reasons: [missing]"),
        ("    judges: [bystander]\n", "", "  - id: isolation"),
        ("x-leaves: absent", "x-leaves: gone", "x-leaves: gone"),
        ("version: 1.0.0", "version: 2026-01-31", "version: 2026-01-31"),
        ("        '200':", "        200:", "        200:"),
        ("schemas/Analysis'", "schemas/Analyses'", "schemas/Analyses'"),
        ("id: get.absent", "id: get.own-only", "says: An analysis that does not exist is answered"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    written: Callable[[str | bytes], str], old: str, new: str, at: str
) -> None:
    text = spoiled(old, new)
    message = complaint(written(text))
    line = line_of(text, at) - (2 if "get.own-only" in new else 0)
    assert message.startswith(f", line {line}, ")


NEEDED = [
    "access.credentials",
    "access.no-leak",
    "documented-status",
    "errors.media-type",
    "errors.message",
    "errors.no-server-error",
    "isolation",
    "json.well-formed",
    "media-type",
    "get.document",
    "get.identity",
    "get.own-only",
    "get.absent",
    "get.safe",
    "finalize.answer",
    "finalize.extra-members",
    "finalize.size",
    "finalize.body-json",
    "finalize.once",
    "finalize.keeps-first-results",
    "finalize.absent",
    "finalize.own-only",
    "finalize.forbidden",
    "remove.pending",
    "remove.no-content",
    "remove.gone",
    "remove.absent",
    "remove.finalized-stays",
    "remove.own-only",
    "remove.forbidden",
    "remove.harmless",
]


@pytest.mark.parametrize("clause", NEEDED)
def test_a_clause_that_is_needed_cannot_be_left_out(
    written: Callable[[str | bytes], str], clause: str
) -> None:
    pattern = rf"(- id: {re.escape(clause)}\n(?:.*\n)*?\s+judges: )\[.*\]"
    text, count = re.subn(pattern, r"\1[nothing]", TEXT, count=1)
    assert count == 1
    message = complaint(written(text))
    assert ", x-clauses: no clause of " in message
    assert "judges '" in message


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", ", line 1, the document: null"),
        ("- a\n- b\n", ", line 1, the document: "),
        ("just text", ", line 1, the document: "),
        ("a: [1\nb: 2\n", ", line 2: not YAML: "),
        ("a: 1\n\tb: 2\n", ", line 2: not YAML: "),
        ("a: {}\nb: {}\na: {}\n", ", line 3: not YAML: the key 'a' is there twice"),
        ("a: *b\n", ", line 1: not YAML: "),
        ("a: !!python/object:os.system {}\n", ", line 1: not YAML: "),
        ("a: &a [*a]\n", ": nested too deeply, or within itself"),
        ("a: \x00", ": not YAML: "),
        (b"a: \xff", ": not UTF-8 at byte 3"),
    ],
)
def test_what_is_no_yaml_mapping_is_refused(
    written: Callable[[str | bytes], str], content: str | bytes, why: str
) -> None:
    assert complaint(written(content)).startswith(why)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert complaint(str(tmp_path / "no.yaml")) == ": cannot be read: No such file or directory"


def test_a_folder_is_no_contract(tmp_path: Path) -> None:
    assert complaint(str(tmp_path)).startswith(": cannot be read: ")
