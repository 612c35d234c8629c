"""Tells where a documentation page and the contract no longer say the same."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from virtool_contract.documentation.page import Example, Page, Section
from virtool_contract.documentation.promised import (
    JsonObject,
    Operation,
    Promised,
    parameter_kind,
)
from virtool_contract.json_values import show

_Fact = tuple[str, str]  # ("error", "404"), ("parameter", "results"), ("success status", "")
_Facts = dict[_Fact, str]

_PLACEHOLDER = re.compile(r":\w+|{\w+}")
_RENAMED = {"error": "status of error {}", "parameter": "name of parameter ({})"}
_ABSENT = object()


def differences(page: Page, document: Mapping[str, Any]) -> list[str]:
    """Compare a page with an OpenAPI document, both ways.

    Compared are: which operations there are, their methods and paths, NOT IMPLEMENTED (against
    `x-unimplemented`), parameters (against the members of the request body, and those in the
    query), the example request and its path, success statuses, the example response, and error
    statuses and messages (against `x-refuses.message`). An error response with an
    `x-refuses.decision` and no message need not be on the page. Where the contract has several
    examples of one thing, the one nearest to the page's counts.

    Returns:
        One line a difference, in the page's order; none when the two agree:
        `get: success status: the page says 201; the contract says 200`.

    Raises:
        LookupError: a `$ref` of the document leads nowhere in it, or in a circle.
    """
    contract = Promised(document=document)
    operations = list(contract.operations())
    pairs = _pair(page.sections, operations)
    lines: list[str] = []
    for section, operation in zip(page.sections, pairs, strict=True):
        if operation is None:
            lines.append(_line(section.title, "operation", _endpoint(section), None))
        else:
            lines.extend(_compare(section, operation, contract))
    alone = [operation for operation in operations if operation not in pairs]
    return lines + [_line(o.name, "operation", None, o.endpoint) for o in alone]


def _pair(sections: Sequence[Section], operations: Sequence[Operation]) -> list[Operation | None]:
    """The operation each section is about.

    The title goes before the endpoint: so a section with a wrong method is one difference, also
    where that method is another operation's.
    """
    left = list(operations)
    pairs: list[Operation | None] = [None] * len(sections)
    for wanted in ((True, True), (True, False), (False, True)):
        for n, section in enumerate(sections):
            fitting = [o for o in left if _likeness(section, o) == wanted]
            if pairs[n] is None and fitting:
                pairs[n] = fitting[0]
                left.remove(fitting[0])
    return pairs


def _likeness(section: Section, operation: Operation) -> tuple[bool, bool]:
    """Whether the title is the operation's id, and whether the endpoints agree."""
    title = section.title.casefold() == operation.name.casefold()
    return title, _anonymous(_endpoint(section)) == _anonymous(operation.endpoint)


def _anonymous(endpoint: str) -> str:
    return "/".join(_PLACEHOLDER.sub("{}", part) for part in endpoint.split("/"))


def _endpoint(section: Section) -> str:
    return f"{section.method} {section.path}"


def _compare(section: Section, operation: Operation, contract: Promised) -> Iterator[str]:
    name = operation.name
    if not _likeness(section, operation)[1]:
        yield _line(name, "endpoint", _endpoint(section), operation.endpoint)
    yield from _compare_facts(section, operation, contract)
    yield from _compare_request_line(section, operation, contract)
    asked = list(contract.examples(contract.request_body(operation)))
    yield from _compare_examples(name, "request example", section.request_example, asked)
    successes = [r for s, r in contract.responses(operation).items() if _is_success(s)]
    answered = [example for response in successes for example in contract.examples(response)]
    yield from _compare_examples(name, "response example", section.response_example, answered)


def _compare_facts(section: Section, operation: Operation, contract: Promised) -> Iterator[str]:
    printed = _facts_of_page(section)
    promised = _facts_of_contract(operation, contract)
    decided = _decisions(contract.responses(operation))
    renamed = _renamed(printed, promised)
    for fact in dict.fromkeys([*printed, *promised]):
        kind, subject = fact
        if fact in renamed:
            point = _RENAMED[kind].format(printed[fact])
            yield _line(operation.name, point, subject, renamed[fact][1])
        elif printed.get(fact) != promised.get(fact) and fact not in renamed.values():
            said = promised.get(fact) or decided.get(fact)
            yield _line(operation.name, " ".join(fact).strip(), printed.get(fact), said)


def _renamed(printed: _Facts, promised: _Facts) -> dict[_Fact, _Fact]:
    """What both sides say under two names, so that it is one difference and not two."""
    found: dict[_Fact, _Fact] = {}
    left = [fact for fact in promised if fact not in printed and fact[0] in _RENAMED]
    for fact in (fact for fact in printed if fact not in promised):
        same = [o for o in left if o[0] == fact[0] and promised[o] == printed[fact]]
        if same:
            found[fact] = same[0]
            left.remove(same[0])
    return found


def _facts_of_page(section: Section) -> _Facts:
    facts = {("implementation", ""): _implementation(absent=section.unimplemented)}
    for parameter in section.parameters:
        said = parameter_kind(parameter.type, required=parameter.required)
        facts["parameter", parameter.name] = said
    if section.status is not None:
        facts["success status", ""] = str(section.status)
    messages: dict[int, dict[str, None]] = {}  # a dict keeps each message once, and the order
    for error in section.errors:
        messages.setdefault(error.status, {})[_json(error.message)] = None
    return facts | {("error", str(status)): " and ".join(m) for status, m in messages.items()}


def _facts_of_contract(operation: Operation, contract: Promised) -> _Facts:
    absent = bool(operation.body.get("x-unimplemented"))
    members = contract.query(operation) | contract.body_members(operation)
    responses = contract.responses(operation)
    facts = {("implementation", ""): _implementation(absent=absent)}
    facts |= {("parameter", name): said for name, said in members.items()}
    if successes := [status for status in responses if _is_success(status)]:
        facts["success status", ""] = " and ".join(successes)
    for status, response in responses.items():
        refusal = response.get("x-refuses", {})
        if "message" in refusal:
            facts["error", status] = _json(refusal["message"])
        elif not _is_success(status) and "decision" not in refusal:
            facts["error", status] = "no message"
    return facts


def _decisions(responses: Mapping[str, JsonObject]) -> _Facts:
    """What the contract says of the errors that it does not expect on the page."""
    return {
        ("error", status): f"no message (decision {response['x-refuses']['decision']})"
        for status, response in responses.items()
        if "decision" in response.get("x-refuses", {})
    }


def _implementation(*, absent: bool) -> str:
    return "NOT IMPLEMENTED" if absent else "implemented"


def _is_success(status: str) -> bool:
    return status.startswith("2")


def _compare_request_line(
    section: Section, operation: Operation, contract: Promised
) -> Iterator[str]:
    """The page's example path against the template filled with the parameters' examples."""
    if section.request_path is None:
        return
    parameters = contract.parameters(operation, "path")
    template = operation.path.split("/")
    filled = [str(parameters.get(part[1:-1], {}).get("example", part)) for part in template]
    parts = section.request_path.split("/")
    agreeing = [
        part == example or bool(_PLACEHOLDER.fullmatch(part) and _PLACEHOLDER.fullmatch(variable))
        for part, variable, example in zip(parts, template, filled, strict=False)
    ]
    same_method = section.request_method == operation.method
    if not (same_method and len(parts) == len(template) and all(agreeing)):
        said = f"{section.request_method} {section.request_path}"
        promised = f"{operation.method} {'/'.join(filled)}"
        yield _line(operation.name, "request line", said, promised)


def _compare_examples(
    name: str, point: str, printed: Example | None, documented: Sequence[object]
) -> Iterator[str]:
    value = printed.value if printed else _ABSENT
    candidates = [list(_unequal(value, each, "")) for each in documented or [_ABSENT]]
    for pointer, page, contract in min(candidates, key=len):
        place = f"{point} at {pointer}" if pointer else point
        yield _line(name, place, page, contract)


def _unequal(page: object, contract: object, pointer: str) -> Iterator[tuple[str, str, str]]:
    """Where two JSON values differ: JSON pointer (RFC 6901), the page's value, the contract's.

    Numbers of one value and different types differ: 0 is not false, and 1 is not 1.0.
    """
    if isinstance(page, Mapping) and isinstance(contract, Mapping):
        for key in dict.fromkeys([*page, *contract]):
            step = _json(str(key))[1:-1].replace("~", "~0").replace("/", "~1")
            pair = page.get(key, _ABSENT), contract.get(key, _ABSENT)
            yield from _unequal(*pair, f"{pointer}/{step}")
    elif isinstance(page, list) and isinstance(contract, list):
        for n, pair in enumerate(zip_longest(page, contract, fillvalue=_ABSENT)):
            yield from _unequal(*pair, f"{pointer}/{n}")
    elif _json(page) != _json(contract):
        yield pointer, _short(page), _short(contract)


def _json(value: object) -> str:
    """JSON in ASCII, so that look-alikes and line breaks show; YAML's dates are no strings."""
    return "nothing" if value is _ABSENT else json.dumps(value, default=repr)


def _short(value: object) -> str:
    """Objects and arrays are cut; a string is not, it may differ from another at its end."""
    return show(value) if isinstance(value, Mapping | list) else _json(value)


def _line(name: str, point: str, page: str | None, contract: str | None) -> str:
    said, promised = page or "nothing", contract or "nothing"
    return f"{name}: {point}: the page says {said}; the contract says {promised}"
