"""A page is read into values, and a page that cannot be read says where and why."""

import pytest

from virtool_contract.documentation.page import Example, PageError, Parameter, Refusal, Section
from virtool_contract.documentation.parsing import parse_page

SHELVES = """\
---
title: "Shelves"
menu:
    developer:
        parent: Test
---

What books stand on.

# Fill

Puts books on a *shelf*, see `{{< note >}}`.

{{< endpoint "PUT" "/shelves/:id" >}}

## Parameters

| Name    | Type    | Required | Description   |
| :------ | :------ | :------- | :------------ |
| `books` | array   | Yes      | What to store |
| tidy    | boolean | No       | In order      |

{{< request "PUT" "/shelves/s1" >}}
```json
{"books": [1, 1.0, null]}
```
{{</ request >}}

{{< response "Status: 201 Created" >}}

```json
{"id": "s1"}
```

{{< /response >}}

## Errors

| Status | Message            | Reason      |
| :----- | :----------------- | :---------- |
| `404`  | No `such` \\| shelf | It is not   |
| 409    | Shelf is full      | No room     |

# Burn

**NOT IMPLEMENTED**

{{< endpoint "DELETE" "/shelves/:id" >}}

{{< request "DELETE" "/shelves/:shelf" />}}

{{< response "Status: 204 No content" />}}
"""

FILL = Section(
    title="Fill",
    method="PUT",
    path="/shelves/:id",
    parameters=(
        Parameter(name="books", type="array", required=True),
        Parameter(name="tidy", type="boolean", required=False),
    ),
    request_method="PUT",
    request_path="/shelves/s1",
    request_example=Example(value={"books": [1, 1.0, None]}),
    status=201,
    response_example=Example(value={"id": "s1"}),
    errors=(
        Refusal(status=404, message="No such | shelf"),
        Refusal(status=409, message="Shelf is full"),
    ),
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

ENDPOINT = '{{< endpoint "GET" "/x" >}}'


def page(section: str) -> str:
    """A page with one section, whose body begins on line 5."""
    return f"---\ntitle: T\n---\n# One\n{section}\n"


def test_every_part_of_a_page_is_read() -> None:
    found = parse_page(SHELVES)
    assert found.title == "Shelves"
    assert found.sections == (FILL, BURN)


@pytest.mark.parametrize("variant", [SHELVES.replace("\n", "\r\n"), "\ufeff" + SHELVES])
def test_line_ends_and_a_byte_order_mark_do_not_matter(variant: str) -> None:
    assert parse_page(variant) == parse_page(SHELVES)


@pytest.mark.parametrize("closing", ["/request", " /request ", "/ request", " / request "])
def test_a_closing_shortcode_may_be_spaced_at_will(closing: str) -> None:
    text = page(f'{ENDPOINT}\n{{{{< request "GET" "/x" >}}}}{{{{<{closing}>}}}}')
    assert parse_page(text).sections[0].request_path == "/x"


def test_a_request_and_a_response_may_be_left_out() -> None:
    assert parse_page(page(ENDPOINT)).sections == (Section(title="One", method="GET", path="/x"),)


def test_a_printed_null_is_an_example() -> None:
    text = page(
        ENDPOINT + '\n{{< response "Status: 200 OK" >}}\n```json\nnull\n```\n{{</response>}}'
    )
    assert parse_page(text).sections[0].response_example == Example(value=None)


@pytest.mark.parametrize(
    "remark",
    [
        "NOT IMPLEMENTED",
        "`**NOT IMPLEMENTED**`",
        "**NOT IMPLEMENTED YET**",
        "<!--\n**NOT IMPLEMENTED**\n-->",
        "- **NOT IMPLEMENTED**",
        "```\n**NOT IMPLEMENTED**\n```",
    ],
)
def test_only_a_paragraph_in_bold_says_not_implemented(remark: str) -> None:
    assert not parse_page(page(f"{ENDPOINT}\n\n{remark}")).sections[0].unimplemented


@pytest.mark.parametrize("remark", ["**NOT IMPLEMENTED**", "__NOT IMPLEMENTED__ as of now"])
def test_bold_may_be_written_either_way(remark: str) -> None:
    assert parse_page(page(f"{ENDPOINT}\n\n{remark}")).sections[0].unimplemented


def test_blocks_outside_a_request_or_response_are_prose() -> None:
    text = page(f"{ENDPOINT}\n```json\n{{not json}}\n```\n\n    # Two\n\n> # Three")
    assert len(parse_page(text).sections) == 1


FRONT_MATTER_ERRORS = {
    "": "line 1: the front matter is missing; begin the page with a line ---",
    "# One\n": "line 1: the front matter is missing; begin the page with a line ---",
    "---\ntitle: T\n# One\n": "line 1: the front matter does not end; close it with a line ---",
    "---\ntitle: T\na: [b\n---\n": (
        "line 3: the front matter is not YAML; write `key: value` lines"
    ),
    "---\ntitle: \x00\n---\n": "line 1: the front matter is not YAML; write `key: value` lines",
    "---\na: b\n---\n": 'line 1: the front matter has no title; add a line title: "…"',
    "---\njust text\n---\n": 'line 1: the front matter has no title; add a line title: "…"',
    "---\ntitle: T\n---\nText.\n\n## Two\n": (
        "line 7: the page has no section; head each operation with `# Title`"
    ),
    f"---\ntitle: T\n---\n{ENDPOINT}\n\n# One\n": (
        "line 4: this endpoint stands in no section; put a heading `# Title` above it"
    ),
}

TABLE_ERRORS = {
    "| Name | Type |\n| - | - |\n| a | b |": (
        "line 7: this table has the columns Name, Type; a table of parameters needs Name, Type "
        "and Required, one of errors Status and Message"
    ),
    "| Status | Reason |\n| - | - |\n| `404` | b |": (
        "line 7: this table has the columns Status, Reason; a table of parameters needs Name, "
        "Type and Required, one of errors Status and Message"
    ),
    "| Name | Type | Required |\n| - | - | - |\n| a | string | Maybe |": (
        'line 9: Required is "Maybe"; write Yes or No'
    ),
    "| Name | Type | Required |\n| - | - | - |\n| a | b | No |\n| a | c | No |": (
        "line 10: the parameter a is listed twice; keep one row of it"
    ),
    "| Status | Message |\n| - | - |\n| `4xx` | Gone |": (
        'line 9: the status "4xx" is not an HTTP status; '
        "write a number from 100 to 599, such as 404"
    ),
    "| Status | Message |\n| `404` | Gone |": (
        "line 7: this table cannot be read; put a row of dashes, | :- | :- |, under its first row"
    ),
}

RESPONSE = '{{< response "Status: 200 OK" >}}'
CLOSED = "{{< /response >}}"

SHORTCODE_ERRORS = {
    '{{< request "GET" "/x" >}}': (
        "line 7: the request is not closed; close it with {{< /request >}}"
    ),
    f'{{{{< request "GET" "/x" >}}}}\n\n{RESPONSE}\n{CLOSED}': (
        "line 7: the request is not closed; close it with {{< /request >}}"
    ),
    f"{RESPONSE}\n\n# Two\n{ENDPOINT}": (
        "line 7: the response is not closed; close it with {{< /response >}}"
    ),
    "{{< /response >}}": (
        "line 7: this closes a response that is not open; "
        'open it first, with {{< response "Status: 200 OK" >}}'
    ),
    f"{RESPONSE}\n{{{{< /request >}}}}": (
        "line 8: this closes a request that is not open; "
        'open it first, with {{< request "GET" "/path" >}}'
    ),
    ENDPOINT: (
        "line 7: the section has a second endpoint; "
        "give each operation a section `# Title` of its own"
    ),
    '{{< request "/x" />}}': (
        'line 7: the request has 1 of 2 arguments; write {{< request "GET" "/path" >}}'
    ),
    "Text.\n{{< request GET /x />}}": (
        "line 8: this shortcode cannot be read; "
        'write it on one line, as {{< request "GET" "/path" >}}, its arguments quoted'
    ),
    '{{< response "200 OK" />}}': (
        'line 7: the response "200 OK" gives no status; write {{< response "Status: 200 OK" >}}'
    ),
    '{{< response "Status: OK" />}}': (
        'line 7: the status "OK" is not an HTTP status; write a number from 100 to 599, such as 404'
    ),
}

EXAMPLE_ERRORS = {
    "```\n{}\n```": "line 8: this block is not marked as JSON; open it with ```json",
    "\n    {}\n": "line 9: this block is not marked as JSON; open it with ```json",
    '```json\n{\n  "a": nothing\n}\n```': (
        "line 8: the example is not JSON (Expecting value: line 10 column 8 (char 17)); "
        "write one JSON value"
    ),
    '```json\n{"a": 1, "a": 1}\n```': (
        "line 8: the example is not JSON (the key 'a' is repeated); write one JSON value"
    ),
    "```json\nNaN\n```": (
        "line 8: the example is not JSON (NaN is not JSON); write one JSON value"
    ),
    "```json\n1\n```\n```json\n2\n```": (
        "line 11: the response has a second block; keep one JSON example"
    ),
}


def check_error(text: str, message: str) -> None:
    with pytest.raises(PageError) as caught:
        parse_page(text)
    assert str(caught.value) == message
    assert message.startswith(f"line {caught.value.line}: ")


@pytest.mark.parametrize(("text", "message"), FRONT_MATTER_ERRORS.items())
def test_a_page_without_its_frame_is_refused(text: str, message: str) -> None:
    check_error(text, message)


@pytest.mark.parametrize(("part", "message"), (TABLE_ERRORS | SHORTCODE_ERRORS).items())
def test_a_part_that_cannot_be_read_is_refused(part: str, message: str) -> None:
    check_error(page(f"{ENDPOINT}\n\n{part}"), message)


@pytest.mark.parametrize(("block", "message"), EXAMPLE_ERRORS.items())
def test_an_example_that_is_not_json_is_refused(block: str, message: str) -> None:
    check_error(page(f"{ENDPOINT}\n\n{RESPONSE}\n{block}\n{CLOSED}"), message)


def test_a_section_without_an_endpoint_is_refused() -> None:
    right = 'add {{< endpoint "GET" "/path" >}}'
    check_error(page("Text."), f"line 4: the section One has no endpoint; {right}")


def test_a_page_error_is_a_value_error() -> None:
    assert issubclass(PageError, ValueError)
