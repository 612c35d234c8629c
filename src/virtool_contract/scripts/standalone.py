"""The helpers of a written test. Their source is copied into it, so they need requests only."""

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import requests

GUARDED = {"created_at", "workflow", "sample", "index", "user", "subtractions", "files", "results"}
TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    ),
}
TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def basic(user: str, password: str) -> dict[str, str]:
    """A header for HTTP Basic."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def send(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
) -> requests.Response:
    """One request: no redirects, no proxies, no .netrc."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(
            method, url, headers=dict(headers), data=body, timeout=30, allow_redirects=False
        )


def at_once(sending: Sequence[Callable[[], requests.Response]]) -> list[requests.Response]:
    """Requests that are sent together; their answers in the same order."""
    barrier = threading.Barrier(len(sending))
    answers: dict[int, requests.Response] = {}

    def client(number: int) -> None:
        barrier.wait()
        answers[number] = sending[number]()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(len(sending))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(sending))]


def is_due(answer: requests.Response, *statuses: str) -> bool:
    """Whether a status is one of these, such as 409 or 4XX."""
    status = str(answer.status_code)
    return status in statuses or f"{status[0]}XX" in statuses


def check_status(answer: requests.Response, *statuses: str) -> None:
    """The status is one that is due."""
    shown = f"{answer.status_code} {answer.text[:300]!r}"
    assert is_due(answer, *statuses), f"expected {' or '.join(statuses)}, got {shown}"


def document_in(answer: requests.Response) -> dict[str, Any]:
    """The document in an answer, read strictly."""
    return dict(json.loads(answer.content.decode(), object_pairs_hook=once, parse_constant=no_json))


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no key is repeated."""
    members = dict(pairs)
    assert len(members) == len(pairs), f"a key is repeated: {[key for key, _ in pairs]}"
    return members


def no_json(name: str) -> NoReturn:
    """What is no JSON, though Python reads it."""
    raise AssertionError(f"{name} is not JSON")


def check_document(
    answer: requests.Response, schema: Mapping[str, Any], analysis: str, job: str
) -> None:
    """A document is labelled as JSON, has the documented shape, and is the one asked for."""
    label = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    assert label == "application/json" or label.endswith("+json"), f"labelled {label!r}"
    document = document_in(answer)
    wrong = faults_of(document, schema, "")
    assert not wrong, "; ".join(wrong)
    assert document["id"] == analysis
    assert document["job"]["id"] == job
    owners = {row["analysis"] for row in document.get("files") or []}
    assert owners <= {analysis}, f"files of {owners}"


def faults_of(value: Any, schema: Mapping[str, Any], at: str) -> list[str]:  # noqa: ANN401, C901 - any JSON; one line a keyword
    """Where a value is not as a schema says; the keywords that this contract uses."""
    wrong = [each for part in schema.get("allOf", []) for each in faults_of(value, part, at)]
    if "if" in schema:
        branch = "else" if faults_of(value, schema["if"], at) else "then"
        wrong += faults_of(value, schema.get(branch, {}), at)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(TYPES[name](value) for name in types):
        return [*wrong, f"{at or '/'}: {value!r} is no {' or '.join(types)}"]
    if "const" in schema and value != schema["const"]:
        wrong.append(f"{at}: {value!r} is not {schema['const']!r}")
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        wrong.append(f"{at}: is empty")
    if isinstance(value, str) and schema.get("format") == "date-time" and not TIME.fullmatch(value):
        wrong.append(f"{at}: {value!r} is no time of RFC 3339")
    if "minimum" in schema and isinstance(value, int | float) and value < schema["minimum"]:
        wrong.append(f"{at}: {value!r} is too small")
    if isinstance(value, dict):
        wrong += [
            f"{at}/{key}: is missing" for key in schema.get("required", []) if key not in value
        ]
        for key, inner in schema.get("properties", {}).items():
            wrong += faults_of(value[key], inner, f"{at}/{key}") if key in value else []
    if isinstance(value, list):
        for row in value:
            wrong += faults_of(row, schema.get("items", {}), f"{at}/…")
    return wrong


def check_state(
    document: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    results: dict[str, Any] | None,
    known: Sequence[str],
) -> dict[str, Any]:
    """A document says what must follow: ready with these results, or pending without any.

    The other documented (`known`) members are as they were `before`. Gives them for the next time.
    """
    assert document.get("ready") is (results is not None), f"ready is {document.get('ready')!r}"
    shown = document.get("results")
    assert canonical(shown) == canonical(results), f"results are {shown!r}, not {results!r}"
    now = {key: canonical(document[key]) for key in known if key in document}
    now = {key: value for key, value in now.items() if key not in {"ready", "results"}}
    for key, value in (before or {}).items():
        assert now.get(key, value) == value, f"{key} was {value}, and is {now[key]} now"
    return {**(before or {}), **now}


def check_nothing_stored(document: Mapping[str, Any], beside: Mapping[str, Any]) -> None:
    """What was sent beside the results is not in the document."""
    stored = {key for key, value in beside.items() if document.get(key, beside) == value}
    assert not stored, f"stored: {sorted(stored)}"


def canonical(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A value so that equal ones compare equal, and true is not 1; order of rows is free."""
    if isinstance(value, dict):
        return {key: instant(key, canonical(item)) for key, item in value.items()}
    if isinstance(value, list):
        rows = [canonical(item) for item in value]
        return sorted(rows, key=lambda row: repr(row["id"])) if all_with_id(value) else rows
    return ("boolean", value) if isinstance(value, bool) else value


def all_with_id(rows: list[Any]) -> bool:
    """Whether all rows are documents."""
    return bool(rows) and all(isinstance(row, dict) and "id" in row for row in rows)


def instant(key: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A time in whatever spelling."""
    if not key.endswith("_at") or not isinstance(value, str) or not TIME.fullmatch(value):
        return value
    return datetime.fromisoformat(value.upper()).timestamp()


def check_refusal_is_silent(answer: requests.Response) -> None:
    """A refusal for want of rights does not carry the document."""
    held = {name for name in GUARDED if f'"{name}"' in answer.text}
    assert len(held) < 3, f"the refusal holds {sorted(held)}"
    assert '"results"' not in answer.text, "the refusal holds results"


def check_says(answer: requests.Response, message: str) -> None:
    """The documented message occurs in the body."""
    assert message.rstrip(".").casefold() in answer.text.casefold(), f"{answer.text!r}"


def check_label(answer: requests.Response) -> None:
    """A body that is labelled JSON is JSON."""
    label = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if answer.content and (label == "application/json" or label.endswith("+json")):
        json.loads(answer.content.decode(), parse_constant=no_json)


def check_race(
    writes: Sequence[tuple[str, dict[str, Any] | None, requests.Response]],
    reads: Sequence[requests.Response],
    last: requests.Response,
) -> None:
    """Of writes that were sent at once one succeeded, and what it did is what the last read shows.

    A write is its operation, its results and its answer. Reads may come before or after.
    """
    answers = [*(answer for _, _, answer in writes), *reads, last]
    crashed = [answer.status_code for answer in answers if answer.status_code >= 500]
    assert not crashed, f"server errors: {crashed}"
    done = [(name, results) for name, results, answer in writes if answer.status_code < 300]
    assert len(done) == 1, f"acknowledged: {done}"
    name, results = done[0]
    for answer in (*reads, last):
        if answer.status_code == 404 and name == "remove":
            continue
        assert answer.status_code == 200, f"a read got {answer.status_code}"
        document = document_in(answer)
        if document["ready"] or answer is last:
            check_state(document, None, results, ())
        else:
            check_state(document, None, None, ())
