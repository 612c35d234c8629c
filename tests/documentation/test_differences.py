"""Each way in which a page and the contract can disagree is one clear line, in either direction."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from virtool_contract.documentation.differences import differences
from virtool_contract.documentation.page import Example, Page, Parameter, Refusal, Section
from virtool_contract.documentation.parsing import parse_page

FILL = Section(
    title="Fill",
    method="PUT",
    path="/shelves/:id",
    parameters=(Parameter(name="books", type="array", required=True),),
    request_method="PUT",
    request_path="/shelves/s1",
    request_example=Example(value={"books": [0, 1, None]}),
    status=201,
    response_example=Example(value={"id": "s1", "a/b~c": {"full": False}}),
    errors=(Refusal(status=404, message="No such shelf"),),
)
BURN = Section(
    title="Burn",
    method="DELETE",
    path="/shelves/:id",
    unimplemented=True,
    request_method="DELETE",
    request_path="/shelves/:shelf",
    status=204,
)
PAGE = Page(title="Shelves", sections=(FILL, BURN))

CONTRACT = """
paths:
  /shelves/{shelf_id}:
    parameters:
      - {$ref: '#/components/parameters/shelf'}
    put:
      operationId: fill
      requestBody: {$ref: '#/components/requestBodies/Books'}
      responses:
        201:
          content:
            application/json:
              example: {'a/b~c': {full: false}, id: s1}
        '401': {x-refuses: {reasons: [unauthenticated], decision: ours}}
        '404': {$ref: '#/components/responses/Absent'}
    delete:
      operationId: burn
      x-unimplemented: ['405']
      responses:
        '204': {description: Ashes.}
components:
  parameters:
    shelf: {name: shelf_id, in: path, required: true, schema: {type: string}, example: s1}
  requestBodies:
    Books:
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Books'}
          examples:
            other: {value: {a: 1, b: 2, c: 3}}
            printed: {$ref: '#/components/examples/Books'}
  examples:
    Books: {value: {books: [0, 1, null]}}
  responses:
    Absent: {x-refuses: {reasons: [absent], message: No such shelf}}
  schemas:
    Books:
      type: object
      allOf: [{properties: {books: {$ref: '#/components/schemas/Any%20list'}}}]
      required: [books]
    Any list: {type: array}
"""


def contract() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(CONTRACT)
    return document


def says(point: str, page: str, contract: str) -> str:
    """The whole line of a difference."""
    return f"{point}: the page says {page}; the contract says {contract}"


def changed(section: Section, **changes: Any) -> Page:  # noqa: ANN401 - the fields of Section
    """The page with one section changed."""
    sections = [replace(each, **changes) if each is section else each for each in PAGE.sections]
    return replace(PAGE, sections=tuple(sections))


fill = partial(changed, FILL)
burn = partial(changed, BURN)


def edited(pointer: str, value: object) -> dict[str, Any]:
    """The contract with one value set; None takes it out."""
    document = contract()
    node: Any = document
    *steps, last = [step.replace("~1", "/") for step in pointer.split("/")]
    for step in steps:
        node = node[step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return document


def test_a_page_that_agrees_gives_no_line() -> None:
    assert differences(PAGE, contract()) == []


PAGE_CHANGES = [
    (fill(path="/shelves/{other}"), []),
    (fill(title="Stock"), []),
    (fill(request_path="/shelves/{id}"), []),
    (fill(request_path=None, request_method=None), []),
    (fill(errors=FILL.errors * 2), []),
    (
        fill(method="POST"),
        [says("fill: endpoint", "POST /shelves/:id", "PUT /shelves/{shelf_id}")],
    ),
    (
        fill(method="DELETE"),
        [says("fill: endpoint", "DELETE /shelves/:id", "PUT /shelves/{shelf_id}")],
    ),
    (
        burn(path="/shelf/:id"),
        [says("burn: endpoint", "DELETE /shelf/:id", "DELETE /shelves/{shelf_id}")],
    ),
    (fill(status=200), [says("fill: success status", "200", "201")]),
    (fill(status=None), [says("fill: success status", "nothing", "201")]),
    (
        fill(errors=()),
        [says("fill: error 404", "nothing", '"No such shelf"')],
    ),
    (
        fill(errors=(Refusal(status=404, message="no such shelf"),)),
        [says("fill: error 404", '"no such shelf"', '"No such shelf"')],
    ),
    (
        fill(errors=(*FILL.errors, Refusal(status=404, message="No such book"))),
        [says("fill: error 404", '"No such shelf" and "No such book"', '"No such shelf"')],
    ),
    (
        fill(errors=(Refusal(status=410, message="No such shelf"),)),
        [says('fill: status of error "No such shelf"', "410", "404")],
    ),
    (
        fill(errors=(*FILL.errors, Refusal(status=409, message="Full"))),
        [says("fill: error 409", '"Full"', "nothing")],
    ),
    (
        fill(errors=(*FILL.errors, Refusal(status=401, message="Who?"))),
        [says("fill: error 401", '"Who?"', "no message (decision ours)")],
    ),
    (
        fill(parameters=()),
        [says("fill: parameter books", "nothing", "array, required")],
    ),
    (
        fill(parameters=(Parameter(name="books", type="object", required=True),)),
        [says("fill: parameter books", "object, required", "array, required")],
    ),
    (
        fill(parameters=(Parameter(name="books", type="array", required=False),)),
        [says("fill: parameter books", "array, optional", "array, required")],
    ),
    (
        fill(parameters=(Parameter(name="book", type="array", required=True),)),
        [says("fill: name of parameter (array, required)", "book", "books")],
    ),
    (
        burn(parameters=(Parameter(name="slowly", type="boolean", required=False),)),
        [says("burn: parameter slowly", "boolean, optional", "nothing")],
    ),
    (
        fill(request_method="POST"),
        [says("fill: request line", "POST /shelves/s1", "PUT /shelves/s1")],
    ),
    (
        fill(request_path="/shelves/s2"),
        [says("fill: request line", "PUT /shelves/s2", "PUT /shelves/s1")],
    ),
    (
        fill(request_path="/shelves/s1/books"),
        [says("fill: request line", "PUT /shelves/s1/books", "PUT /shelves/s1")],
    ),
    (
        fill(request_path="/shelves/s1/"),
        [says("fill: request line", "PUT /shelves/s1/", "PUT /shelves/s1")],
    ),
    (
        fill(request_path="/shelves"),
        [says("fill: request line", "PUT /shelves", "PUT /shelves/s1")],
    ),
    (
        burn(request_path="/:shelves/:id"),
        [says("burn: request line", "DELETE /:shelves/:id", "DELETE /shelves/s1")],
    ),
    (
        fill(request_example=None),
        [says("fill: request example", "nothing", '{"a": 1, "b": 2, "c": 3}')],
    ),
    (
        burn(request_example=Example(value=None)),
        [says("burn: request example", "null", "nothing")],
    ),
    (
        fill(request_example=Example(value={"books": [False, 1.0, "null"]})),
        [
            says("fill: request example at /books/0", "false", "0"),
            says("fill: request example at /books/1", "1.0", "1"),
            says("fill: request example at /books/2", '"null"', "null"),
        ],
    ),
    (
        fill(request_example=Example(value={"books": [0, 1, None, 3]})),
        [says("fill: request example at /books/3", "3", "nothing")],
    ),
    (
        fill(request_example=Example(value={"books": [0, 1]})),
        [says("fill: request example at /books/2", "nothing", "null")],
    ),
    (
        fill(response_example=None),
        [says("fill: response example", "nothing", '{"a/b~c": {"full": false}, "id": "s1"}')],
    ),
    (
        fill(response_example=Example(value={"id": "s1", "a/b~c": {"full": 0}})),
        [says("fill: response example at /a~1b~0c/full", "0", "false")],
    ),
    (
        fill(response_example=Example(value={"id": "s1", "a/b~c": {"full": False, "\n": 1}})),
        [says("fill: response example at /a~1b~0c/\\n", "1", "nothing")],
    ),
    (
        burn(response_example=Example(value=["x" * 100])),
        [
            says(
                "burn: response example",
                '["' + "x" * 78 + "… (104 characters)",
                "nothing",
            )
        ],
    ),
    (
        burn(unimplemented=False),
        [says("burn: implementation", "implemented", "NOT IMPLEMENTED")],
    ),
    (
        fill(unimplemented=True),
        [says("fill: implementation", "NOT IMPLEMENTED", "implemented")],
    ),
    (
        replace(PAGE, sections=(FILL,)),
        [says("burn: operation", "nothing", "DELETE /shelves/{shelf_id}")],
    ),
    (
        replace(PAGE, sections=(FILL, BURN, Section(title="List", method="GET", path="/shelves"))),
        [says("List: operation", "GET /shelves", "nothing")],
    ),
]


@pytest.mark.parametrize(("page", "lines"), PAGE_CHANGES)
def test_a_change_of_the_page_is_told(page: Page, lines: list[str]) -> None:
    assert differences(page, contract()) == lines


PATH = "paths/~1shelves~1{shelf_id}"
BOOKS = "components/requestBodies/Books/content/application~1json"
SCHEMA = "components/schemas/Books"
OPTIONAL = {"name": "fast", "in": "query", "schema": {"type": ["boolean", "null"]}}

CONTRACT_CHANGES: list[tuple[str, object, list[str]]] = [
    (
        f"{PATH}/get",
        {"responses": {}},
        [says("GET /shelves/{shelf_id}: operation", "nothing", "GET /shelves/{shelf_id}")],
    ),
    (
        f"{PATH}/delete",
        None,
        [says("Burn: operation", "DELETE /shelves/:id", "nothing")],
    ),
    (
        f"{PATH}/delete/responses",
        {202: {}, 204: {}},
        [says("burn: success status", "204", "202 and 204")],
    ),
    (
        f"{PATH}/delete/responses",
        {},
        [says("burn: success status", "204", "nothing")],
    ),
    (
        f"{PATH}/delete/responses/409",
        {"x-refuses": {"reasons": ["full"], "message": "Not empty"}},
        [says("burn: error 409", "nothing", '"Not empty"')],
    ),
    (
        f"{PATH}/delete/responses/409",
        {"x-refuses": {"reasons": ["full"], "message": "Not empty", "decision": "ours"}},
        [says("burn: error 409", "nothing", '"Not empty"')],
    ),
    (
        f"{PATH}/delete/responses/409",
        {"description": "Not empty."},
        [says("burn: error 409", "nothing", "no message")],
    ),
    (
        "components/responses/Absent/x-refuses/message",
        "No such shelf.",
        [says("fill: error 404", '"No such shelf"', '"No such shelf."')],
    ),
    (
        "components/responses/Absent/x-refuses",
        {"decision": "ours"},
        [says("fill: error 404", '"No such shelf"', "no message (decision ours)")],
    ),
    (
        f"{PATH}/delete/x-unimplemented",
        None,
        [says("burn: implementation", "NOT IMPLEMENTED", "implemented")],
    ),
    (
        f"{PATH}/put/x-unimplemented",
        ["501"],
        [says("fill: implementation", "implemented", "NOT IMPLEMENTED")],
    ),
    (
        f"{SCHEMA}/required",
        ["books", "tidy"],
        [says("fill: parameter tidy", "nothing", "any, required")],
    ),
    (
        f"{SCHEMA}/properties",
        {"tidy": True},
        [says("fill: parameter tidy", "nothing", "any, optional")],
    ),
    (
        f"{SCHEMA}/required",
        None,
        [says("fill: parameter books", "array, required", "array, optional")],
    ),
    (
        f"{PATH}/delete/parameters",
        [OPTIONAL],
        [says("burn: parameter fast", "nothing", "boolean or null, optional")],
    ),
    (
        "components/parameters/shelf/example",
        "s9",
        [says("fill: request line", "PUT /shelves/s1", "PUT /shelves/s9")],
    ),
    (
        "components/parameters/shelf/example",
        None,
        [says("fill: request line", "PUT /shelves/s1", "PUT /shelves/{shelf_id}")],
    ),
    (
        f"{BOOKS}/examples",
        None,
        [says("fill: request example", '{"books": [0, 1, null]}', "nothing")],
    ),
    (
        "components/examples/Books/value/more",
        1,
        [says("fill: request example at /more", "nothing", "1")],
    ),
    (
        f"{PATH}/delete/responses/204",
        {"content": {"application/json": {"example": {}}}},
        [says("burn: response example", "nothing", "{}")],
    ),
]


@pytest.mark.parametrize(("pointer", "value", "lines"), CONTRACT_CHANGES)
def test_a_change_of_the_contract_is_told(pointer: str, value: object, lines: list[str]) -> None:
    assert differences(PAGE, edited(pointer, value)) == lines


def test_a_date_of_yaml_is_not_a_string() -> None:
    page = fill(request_example=Example(value={"on": "2020-01-02"}))
    document = edited(f"{BOOKS}/examples", {"one": {"value": {"on": date(2020, 1, 2)}}})
    assert differences(page, document) == [
        says("fill: request example at /on", '"2020-01-02"', '"datetime.date(2020, 1, 2)"')
    ]


def test_the_lines_stand_in_the_order_of_the_page() -> None:
    sections = (replace(BURN, status=200), replace(FILL, status=200))
    found = differences(Page(title="Shelves", sections=sections), contract())
    assert [line.split(":")[0] for line in found] == ["burn", "fill"]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("#/components/nowhere", "the contract's $ref #/components/nowhere leads nowhere in it"),
        (
            "#/components/nowhere/x",
            "the contract's $ref #/components/nowhere/x leads nowhere in it",
        ),
        (
            "other.yaml#/components",
            "the contract's $ref other.yaml#/components leads nowhere in it",
        ),
        (f"#/{BOOKS}/schema", f"the contract's $ref #/{BOOKS}/schema leads in a circle"),
    ],
)
def test_a_reference_that_cannot_be_followed_is_an_error(reference: str, message: str) -> None:
    with pytest.raises(LookupError) as caught:
        differences(PAGE, edited(f"{BOOKS}/schema", {"$ref": reference}))
    assert str(caught.value) == message


def test_nothing_is_changed_by_the_comparison() -> None:
    document = contract()
    before = deepcopy(document)
    differences(PAGE, document)
    assert document == before


# The facts of the documentation, once more, against the contract this project ships.

ID = "uskrqsxm"
TIME = "2017-10-03T21:35:54.813000Z"
FILES = """
- {analysis: uskrqsxm, description: null, format: fasta, id: 1, name: results.fa,
   name_on_disk: 1-results.fa, size: 20466, uploaded_at: '2017-10-03T21:35:54.813000Z'}
"""
DOCUMENT = {
    "id": ID,
    "created_at": TIME,
    "job": {"id": "afovbrnx"},
    "workflow": "pathoscope_bowtie",
    "sample": {"id": "kigvhuql", "name": "Test 1"},
    "index": {"id": "qldihken", "version": 0},
    "user": {"id": "igboyes"},
    "subtractions": [{"id": "yhxoynb0", "name": "Arabidopsis Thaliana"}],
}
RESULTS = {"results": {"foo": "bar"}}
SHIPPED = Path(__file__).parents[2] / "spec" / "openapi.yaml"
DOCUMENTED = Page(
    title="Analyses",
    sections=(
        Section(
            title="Get",
            method="GET",
            path="/api/analyses/:id",
            request_method="GET",
            request_path=f"/api/analyses/{ID}",
            status=200,
            response_example=Example(
                value=DOCUMENT | {"files": yaml.safe_load(FILES), "ready": False}
            ),
            errors=(
                Refusal(status=403, message="Insufficient rights"),
                Refusal(status=404, message="Not found"),
            ),
        ),
        Section(
            title="Finalize",
            method="PATCH",
            path="/api/analyses/:id",
            parameters=(Parameter(name="results", type="object", required=True),),
            request_method="PATCH",
            request_path=f"/api/analyses/{ID}",
            request_example=Example(value=RESULTS),
            status=200,
            response_example=Example(value=DOCUMENT | {"ready": True} | RESULTS),
            errors=(
                Refusal(status=404, message="Not found"),
                Refusal(status=409, message="There is already a result for this analysis"),
            ),
        ),
        Section(
            title="Remove",
            method="DELETE",
            path="/api/analyses/:id",
            unimplemented=True,
            request_method="DELETE",
            request_path="/api/analyses/:analysis_id",
            status=204,
            errors=(
                Refusal(status=404, message="Not found"),
                Refusal(status=409, message="Analysis is finalized"),
            ),
        ),
    ),
)


def test_the_shipped_contract_says_what_the_documentation_says() -> None:
    assert differences(DOCUMENTED, yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))) == []


def test_a_page_of_text_is_compared_like_one_of_values() -> None:
    text = (
        '---\ntitle: T\n---\n# Burn\n**NOT IMPLEMENTED**\n{{< endpoint "DELETE" "/shelves/:x" >}}\n'
    )
    document = edited(f"{PATH}/put", None)
    assert differences(parse_page(text), document) == [
        "burn: success status: the page says nothing; the contract says 204"
    ]
