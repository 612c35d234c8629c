"""Reads a page of the Virtool developer documentation into values."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from virtool_contract.documentation.page import (
    Example,
    Page,
    PageError,
    Parameter,
    Refusal,
    Section,
)
from virtool_contract.json_values import NotJsonError, parse

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_TAG = re.compile(r'{{<\s*(/?)\s*(endpoint|request|response)((?:\s+"[^"]*")*)\s*(/?)\s*>}}')
_BROKEN_TAG = re.compile(r"{{<\s*/?\s*(endpoint|request|response)\b")
_ARGUMENTS = {
    "endpoint": ('"GET"', '"/path"'),
    "request": ('"GET"', '"/path"'),
    "response": ('"Status: 200 OK"',),
}
_REQUIRED = {"Yes": True, "No": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tag:
    """A shortcode: `{{< name "argument" >}}`."""

    line: int
    name: str
    arguments: tuple[str, ...]
    closes: bool
    empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A row of a table, its cells by column heading."""

    line: int
    cells: dict[str, str]


def parse_page(text: str) -> Page:
    """Read a page: Hugo front matter, then a section for each operation.

    A section is a level-1 heading, one `endpoint` shortcode, at most one `request` and one
    `response` (each with at most one ```json block), tables of parameters (Name, Type, Required)
    and of errors (Status, Message), and, where it applies, `**NOT IMPLEMENTED**`.

    Raises:
        PageError: the page is not of that form; names the line and what would be right.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    title, end = _front_matter(lines)
    body = "\n" * end + "\n".join(lines[end:])  # keeps the line numbers
    return Page(title=title, sections=tuple(_sections(_MARKDOWN.parse(body), len(lines))))


def _front_matter(lines: Sequence[str]) -> tuple[str, int]:
    """The page's title, and the number of lines that the front matter takes."""
    if lines[0].rstrip() != "---":
        raise PageError(1, "the front matter is missing", "begin the page with a line ---")
    end = next((n for n, line in enumerate(lines) if n and line.rstrip() == "---"), None)
    if end is None:
        raise PageError(1, "the front matter does not end", "close it with a line ---")
    try:
        matter = yaml.safe_load("\n".join(lines[1:end]))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        raise PageError(line, "the front matter is not YAML", "write `key: value` lines") from error
    title = matter.get("title") if isinstance(matter, dict) else None
    if not isinstance(title, str):
        raise PageError(1, "the front matter has no title", 'add a line title: "…"')
    return title, end + 1


def _sections(tokens: Sequence[Token], last_line: int) -> Iterator[Section]:
    starts = [n for n, t in enumerate(tokens) if t.type == "heading_open" and _is_top(t)]
    if not starts:
        raise PageError(last_line, "the page has no section", "head each operation with `# Title`")
    for tag in _tags(tokens[: starts[0]]):
        right = "put a heading `# Title` above it"
        raise PageError(tag.line, f"this {tag.name} stands in no section", right)
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        heading, *rest = tokens[start + 1 : end]
        yield _section(_plain(heading), _line(heading), rest)


def _is_top(heading: Token) -> bool:
    return heading.tag == "h1" and heading.level == 0


def _section(title: str, line: int, tokens: Sequence[Token]) -> Section:
    tags, examples = _shortcodes(tokens)
    if "endpoint" not in tags:
        right = 'add {{< endpoint "GET" "/path" >}}'
        raise PageError(line, f"the section {title} has no endpoint", right)
    method, path = tags["endpoint"].arguments
    request = tags["request"].arguments if "request" in tags else (None, None)
    parameters, errors = _tables(tokens)
    return Section(
        title=title,
        method=method,
        path=path,
        unimplemented=any(_is_marker(token) for token in tokens),
        parameters=parameters,
        request_method=request[0],
        request_path=request[1],
        request_example=examples.get("request"),
        status=_success(tags["response"]) if "response" in tags else None,
        response_example=examples.get("response"),
        errors=errors,
    )


def _shortcodes(tokens: Sequence[Token]) -> tuple[dict[str, _Tag], dict[str, Example]]:
    """The shortcodes of a section, and the JSON inside them, by the shortcode's name."""
    tags: dict[str, _Tag] = {}
    examples: dict[str, Example] = {}
    within: _Tag | None = None
    for token in tokens:
        if within and token.type in {"fence", "code_block"}:
            if within.name in examples:
                wrong = f"the {within.name} has a second block"
                raise PageError(_line(token), wrong, "keep one JSON example")
            examples[within.name] = _example(token)
        for tag in _tags([token]):
            within = _enter(tag, within, tags)
    if within:
        raise _unclosed(within)
    return tags, examples


def _enter(tag: _Tag, within: _Tag | None, tags: dict[str, _Tag]) -> _Tag | None:
    """Note a shortcode that opens in `tags`; returns the one that is open after it."""
    if tag.closes:
        if within is None or within.name != tag.name:
            right = f"open it first, with {_usage(tag.name)}"
            raise PageError(tag.line, f"this closes a {tag.name} that is not open", right)
        return None
    if within:
        raise _unclosed(within)
    if tag.name in tags:
        wrong = f"the section has a second {tag.name}"
        raise PageError(tag.line, wrong, "give each operation a section `# Title` of its own")
    given, needed = len(tag.arguments), len(_ARGUMENTS[tag.name])
    if given != needed:
        wrong = f"the {tag.name} has {given} of {needed} arguments"
        raise PageError(tag.line, wrong, f"write {_usage(tag.name)}")
    tags[tag.name] = tag
    return None if tag.empty or tag.name == "endpoint" else tag


def _unclosed(tag: _Tag) -> PageError:
    right = f"close it with {{{{< /{tag.name} >}}}}"
    return PageError(tag.line, f"the {tag.name} is not closed", right)


def _usage(name: str) -> str:
    return " ".join(("{{<", name, *_ARGUMENTS[name], ">}}"))


def _tags(tokens: Sequence[Token]) -> Iterator[_Tag]:
    for token in tokens:
        if token.type != "inline":
            continue
        for offset, text in enumerate(token.content.split("\n")):
            line = _line(token) + offset
            if broken := _BROKEN_TAG.search(_TAG.sub("", text)):
                right = f"write it on one line, as {_usage(broken[1])}, its arguments quoted"
                raise PageError(line, "this shortcode cannot be read", right)
            for closes, name, arguments, empty in _TAG.findall(text):
                yield _Tag(
                    line=line,
                    name=name,
                    arguments=tuple(re.findall(r'"([^"]*)"', arguments)),
                    closes=bool(closes),
                    empty=bool(empty),
                )


def _success(tag: _Tag) -> int:
    printed = tag.arguments[0]
    found = re.fullmatch(r"Status:\s*(\S+).*", printed)
    if not found:
        right = f"write {_usage('response')}"
        raise PageError(tag.line, f'the response "{printed}" gives no status', right)
    return _status(found[1], tag.line)


def _status(printed: str, line: int) -> int:
    if not re.fullmatch("[1-5][0-9][0-9]", printed):
        right = "write a number from 100 to 599, such as 404"
        raise PageError(line, f'the status "{printed}" is not an HTTP status', right)
    return int(printed)


def _example(token: Token) -> Example:
    line = _line(token)
    if token.info.strip() != "json":
        raise PageError(line, "this block is not marked as JSON", "open it with ```json")
    above = "\n" * line  # so that the error counts lines of the page
    try:
        return Example(value=parse((above + token.content).encode()))
    except NotJsonError as error:
        right = "write one JSON value"
        raise PageError(line, f"the example is not JSON ({error})", right) from error


def _tables(tokens: Sequence[Token]) -> tuple[tuple[Parameter, ...], tuple[Refusal, ...]]:
    """The rows of a section's tables, which are told apart by their columns."""
    parameters: dict[str, Parameter] = {}
    errors: list[Refusal] = []
    for row in _rows(tokens):
        if {"Name", "Type", "Required"} <= row.cells.keys():
            parameter = _parameter(row)
            if parameter.name in parameters:
                wrong = f"the parameter {parameter.name} is listed twice"
                raise PageError(row.line, wrong, "keep one row of it")
            parameters[parameter.name] = parameter
        else:
            status = _status(row.cells["Status"], row.line)
            errors.append(Refusal(status=status, message=row.cells["Message"]))
    return tuple(parameters.values()), tuple(errors)


def _parameter(row: _Row) -> Parameter:
    required = row.cells["Required"]
    if required not in _REQUIRED:
        raise PageError(row.line, f'Required is "{required}"', "write Yes or No")
    return Parameter(name=row.cells["Name"], type=row.cells["Type"], required=_REQUIRED[required])


def _rows(tokens: Sequence[Token]) -> Iterator[_Row]:
    """The body rows of every table.

    Raises:
        PageError: a table is neither one of parameters nor one of errors, or is not a table.
    """
    columns: list[str] = []
    cells: list[str] = []
    in_table = False
    for token in tokens:
        if token.type in {"table_open", "table_close"}:
            in_table, columns = token.type == "table_open", []
        elif token.type == "tr_open":
            line, cells = _line(token), []
        elif token.type == "inline" and in_table:
            cells.append(_plain(token))
        elif token.type == "inline" and token.content.startswith("|"):
            right = "put a row of dashes, | :- | :- |, under its first row"
            raise PageError(_line(token), "this table cannot be read", right)
        elif token.type == "thead_close":
            columns = _columns(cells, line)
        elif token.type == "tr_close" and columns:
            yield _Row(line=line, cells=dict(zip(columns, cells, strict=True)))


def _columns(cells: list[str], line: int) -> list[str]:
    if {"Name", "Type", "Required"} <= set(cells) or {"Status", "Message"} <= set(cells):
        return cells
    right = "a table of parameters needs Name, Type and Required, one of errors Status and Message"
    raise PageError(line, f"this table has the columns {', '.join(cells)}", right)


def _is_marker(token: Token) -> bool:
    """Whether this is a paragraph with **NOT IMPLEMENTED** in it, and not a cell or a list item."""
    if token.type != "inline" or token.level > 1:
        return False
    texts = [(child.type, child.content) for child in token.children or []]
    return any(
        before[0] == "strong_open" and text == "NOT IMPLEMENTED"
        for before, (_, text) in pairwise(texts)
    )


def _plain(inline: Token) -> str:
    """The text of a heading or cell, its markup left out."""
    return "".join(child.content for child in inline.children or []).strip()


def _line(token: Token) -> int:
    assert token.map is not None, "only blocks are asked for their line"
    return token.map[0] + 1
