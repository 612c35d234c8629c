"""Bodies that should be refused and are not, or the reverse."""

import json
from collections.abc import Iterable
from typing import Any

from typing_extensions import override

from virtool_contract.reference.bodies import BodyError
from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.service import Check
from virtool_contract.reference.values import Call, Document, Reply


class _Validation(Fault):
    category = "validation"


class ResultsOptional(_Validation):
    """A finalize without `results` sets an empty object."""

    breaks = ("finalize.results-required",)

    @override
    def results_in(self, members: Document) -> Document:
        return super().results_in({"results": {}} | members)


class BlanksAroundResultsIgnored(_Validation):
    """Blanks around the name `results` are ignored."""

    breaks = ("finalize.results-required",)
    reach = "a value"

    @override
    def results_in(self, members: Document) -> Document:
        return super().results_in({name.strip(): value for name, value in members.items()})


class PathsInNamesFollowed(_Validation):
    """A member such as `results.foo` stands for one inside `results`."""

    breaks = ("finalize.results-required",)
    reach = "a value"

    @override
    def results_in(self, members: Document) -> Document:
        stem = "results."
        inside = {k.removeprefix(stem): v for k, v in members.items() if k.startswith(stem)}
        return super().results_in({"results": inside} | members if inside else members)


class FilesWanted(_Validation):
    """A finalize wants a list of `files` beside `results`."""

    breaks = ("finalize.answer",)

    @override
    def results_in(self, members: Document) -> Document:
        if not isinstance(members.get("files"), list):
            raise BodyError(400, "files is required")
        return super().results_in(members)


class WholeBodyAsResults(_Validation):
    """A finalize without `results` takes the whole body for them."""

    breaks = ("finalize.results-required",)

    @override
    def results_in(self, members: Document) -> Document:
        return super().results_in(members if "results" in members else {"results": members})


class NullResultsAccepted(_Validation):
    """`results` may be null, which means an empty object."""

    breaks = ("finalize.results-object",)
    reach = "a value"

    @override
    def acceptable(self, results: object) -> Document:
        return super().acceptable({} if results is None else results)


class ListResultsAccepted(_Validation):
    """`results` may be a list, which is kept under `items`."""

    breaks = ("finalize.results-object",)
    reach = "a value"

    @override
    def acceptable(self, results: object) -> Document:
        return super().acceptable({"items": results} if isinstance(results, list) else results)


class TextResultsAccepted(_Validation):
    """`results` may be a string, which is kept under `text`."""

    breaks = ("finalize.results-object",)
    reach = "a value"

    @override
    def acceptable(self, results: object) -> Document:
        return super().acceptable({"text": results} if isinstance(results, str) else results)


class NumberResultsAccepted(_Validation):
    """`results` may be a number, which is kept under `value`."""

    breaks = ("finalize.results-object",)
    reach = "a value"

    @override
    def acceptable(self, results: object) -> Document:
        number = isinstance(results, int | float) and not isinstance(results, bool)
        return super().acceptable({"value": results} if number else results)


class NonObjectResultsCrash(_Validation):
    """`results` that are no object bring the server down on the request."""

    breaks = ("finalize.results-object",)
    reach = "a value"

    @override
    def acceptable(self, results: object) -> Document:
        if not isinstance(results, dict):
            raise BodyError(500, "Internal server error")
        return super().acceptable(results)


class LargeResultsRefused(_Validation):
    """Results of more than 512 KiB are refused with 413."""

    breaks = ("finalize.size",)
    reach = "a value"

    @override
    def body_limit(self) -> int:
        return 2**19


class EmptyResultsRefused(_Validation):
    """`results` may not be an empty object."""

    breaks = ("finalize.freeform",)
    reach = "a value"

    @override
    def acceptable(self, results: object) -> Document:
        if results == {}:
            raise BodyError(422, "results must not be empty")
        return super().acceptable(results)


class DottedKeysRefused(_Validation):
    """Keys with a dot in them are refused, as by old MongoDB drivers."""

    breaks = ("finalize.freeform",)
    reach = "a value"

    @override
    def acceptable(self, results: object) -> Document:
        found: list[str] = []

        def note(pairs: list[tuple[str, Any]]) -> None:
            found.extend(name for name, _ in pairs if "." in name)

        json.loads(json.dumps(results), object_pairs_hook=note)
        if found:
            raise BodyError(422, "keys must not contain a dot")
        return super().acceptable(results)


class ProtoKeysRefused(_Validation):
    """A body with a key named `__proto__` is refused before anything else is looked at."""

    breaks = ("finalize.freeform",)
    reach = "a value"

    @override
    def checks_of_finalize(self) -> Iterable[Check]:
        return (self.check_body, *super().checks_of_finalize())

    @override
    def value_of(self, text: str) -> object:
        if '"__proto__":' in text:
            raise BodyError(400, "Body is not valid JSON")
        return super().value_of(text)


class BigIntegersCrash(_Validation):
    """An integer that does not fit into 64 bits is answered with 500, as by MongoDB drivers."""

    breaks = ("finalize.beyond-i-json",)
    reach = "a value"

    @override
    def acceptable(self, results: object) -> Document:
        def fit(digits: str) -> int:
            if not -(2**63) <= int(digits) < 2**63:
                raise BodyError(500, "Internal server error")
            return int(digits)

        json.loads(json.dumps(results), parse_int=fit)
        return super().acceptable(results)


class ErrorsRefused(_Validation):
    """Results with a member named `error` are refused: the workflow has failed."""

    breaks = ("finalize.freeform",)
    reach = "a value"

    @override
    def acceptable(self, results: object) -> Document:
        if "error" in super().acceptable(results):
            raise BodyError(400, "The workflow has failed")
        return super().acceptable(results)


class LongArraysRefused(_Validation):
    """Arrays of more than 20,000 items are refused."""

    breaks = ("finalize.size",)
    reach = "a value"

    @override
    def acceptable(self, results: object) -> Document:
        kept = super().acceptable(results)
        if any(isinstance(value, list) and len(value) > 20_000 for value in kept.values()):
            raise BodyError(422, "An array is too long")
        return kept


class HugeNumbersAsInfinity(_Validation):
    """A number past all doubles is kept as infinity, and read as `Infinity`."""

    breaks = ("finalize.beyond-i-json",)
    reach = "a value"

    @override
    def number(self, text: str) -> float:
        return float(text)

    @override
    def encoded(self, call: Call, document: Document) -> bytes:
        return json.dumps(document).encode()


class SurrogatesCrashAnswers(_Validation):
    """A lone surrogate is kept, and nothing that it is in can be sent: 500, to each read too."""

    breaks = ("finalize.beyond-i-json",)
    reach = "a value"

    @override
    def delivered(self, call: Call, reply: Reply) -> Reply:
        try:
            json.dumps(reply.content, ensure_ascii=False, default=repr).encode()
        except UnicodeEncodeError:
            return self.refusal(call, 500, "internal_error", "Internal server error")
        return super().delivered(call, reply)
