"""Documents of analyses: how one differs from what is known, and what gives one away. Pure."""

from collections.abc import Iterator, Mapping

from virtool_contract.contract import Contract
from virtool_contract.json_values import Json, difference, same_instant, show
from virtool_contract.model import Phase
from virtool_contract.subject import Known

GUARDED = frozenset(
    {"created_at", "workflow", "sample", "index", "user", "subtractions", "files", "results"}
)
"""Members of a document; three of them in a refusal are a leak, not a coincidence."""


def compare(
    contract: Contract, known: Known, document: Mapping[str, Json]
) -> dict[str, tuple[str, str]]:
    """Where a document differs from what is known: aspect -> (expected, actual).

    Aspects: `ready`, `results`, `others` (the other documented members), `stored` (a member that
    was sent beside results). A member that is missing or mistyped is a matter of shape, not of
    this.
    """
    found: dict[str, tuple[str, str]] = {}
    finalized = known.phase is Phase.FINALIZED
    ready = document.get("ready")
    if isinstance(ready, bool) and ready is not finalized:
        found["ready"] = (f"/ready: {show(finalized)}", f"/ready: {show(ready)}")
    results = document.get("results")
    if finalized and isinstance(results, dict) and isinstance(known.results, dict):
        where = difference(known.results, results, "/results")
        if where:
            found["results"] = (f"the results that were sent ({show(known.results)})", where)
    elif finalized and known.results is not None:
        found["results"] = (f"/results: {show(known.results)}", f"/results: {show(results)}")
    elif not finalized and results is not None:
        found["results"] = ("no results yet", f"/results: {show(results)}")
    if known.document:
        moved = changed(contract, settled(known.document), document)
        if moved:
            found["others"] = ("the documented members as they were", moved)
        found |= _stored(contract, known, document)
    return found


def _stored(
    contract: Contract, known: Known, document: Mapping[str, Json]
) -> dict[str, tuple[str, str]]:
    told = contract.documented(document)
    for key, value in (known.sent_beside or {}).items():
        # A documented member that was sent as it is stays as it is: `others` and `ready` tell.
        if key in document and key not in told and difference(value, document[key]) is None:
            expected = f"no {key!a} in the document"
            return {"stored": (expected, f"/{key}: {show(document[key])}")}
    return {}


def changed(
    contract: Contract, before: Mapping[str, Json], document: Mapping[str, Json]
) -> str | None:
    """Where a document says otherwise than one of before: "/pointer: expected X, got Y".

    Only documented members count. One that is missing now is a matter of shape, but for results,
    which may be absent or null where there are none. Order of rows and spelling of times are free.
    """
    return next(changes(contract, before, document), None)


def changes(
    contract: Contract, before: Mapping[str, Json], document: Mapping[str, Json]
) -> Iterator[str]:
    """Everywhere a document says otherwise than one of before, once a member; see `changed`."""
    now = seen(contract, document)
    for key, value in before.items():
        where = _member_moved(key, value, now.get(key)) if key in now else None
        if where:
            yield where


def seen(contract: Contract, document: Mapping[str, Json]) -> dict[str, Json]:
    """The documented members of a document, results among them: null where there are none."""
    return contract.documented(document) | {"results": document.get("results")}


def settled(document: Mapping[str, Json]) -> dict[str, Json]:
    """The members that no operation may change."""
    return {key: value for key, value in document.items() if key not in {"ready", "results"}}


def _member_moved(key: str, before: Json, after: Json) -> str | None:
    if key == "results":
        return difference(before, after, "/results")
    return difference(_ordered(before), _ordered(after), f"/{key}") and _instants_aside(
        f"/{key}", _ordered(before), _ordered(after)
    )


def _instants_aside(at: str, before: Json, after: Json) -> str | None:
    """The first difference that is more than another spelling of the same instant."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        pairs = [(f"{at}/{key}", value, after[key]) for key, value in before.items()]
        return next(filter(None, (_instants_aside(*pair) for pair in pairs)), None)
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        rows = [(f"{at}/{i}", left, after[i]) for i, left in enumerate(before)]
        return next(filter(None, (_instants_aside(*row) for row in rows)), None)
    if at.endswith("_at") and isinstance(before, str) and isinstance(after, str):
        return None if same_instant(before, after) else difference(before, after, at)
    return difference(before, after, at)


def _ordered(value: Json) -> Json:
    """A list of documents by their ids: the page promises no order of files or subtractions."""
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return sorted(value, key=lambda item: repr(item.get("id")))
    return value


DISTINCTIVE = 6
"""A value of so many characters is not in a text by coincidence; two are no coincidence at all."""


def quotes(text: str, document: Mapping[str, Json]) -> bool:
    """Whether a text quotes a document: two distinctive values of it, whatever the format."""
    rows = [document.get(name) for name in ("sample", "index", "subtractions", "files")]
    rows = [row for each in rows for row in (each if isinstance(each, list) else [each])]
    values = {row.get(key) for row in rows if isinstance(row, dict) for key in ("id", "name")}
    values.add(document.get("created_at"))
    words = [each for each in values if isinstance(each, str) and len(each) >= DISTINCTIVE]
    return sum(word in text for word in words) >= 2


def file_owners(document: Mapping[str, Json]) -> list[Json]:
    """Which analyses the files of a document say they belong to."""
    files = document.get("files")
    rows = files if isinstance(files, list) else []
    return [row["analysis"] for row in rows if isinstance(row, dict) and "analysis" in row]


def leaks(value: Json) -> bool:
    """Whether a value holds a document, at any depth."""
    if isinstance(value, dict):
        return len(GUARDED & value.keys()) >= 3 or any(map(leaks, value.values()))
    return isinstance(value, list) and any(map(leaks, value))
