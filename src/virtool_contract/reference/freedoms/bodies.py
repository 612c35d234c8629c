"""Other ways to take a finalize body."""

from typing import Any

from typing_extensions import override

from virtool_contract.reference.bodies import BodyError
from virtool_contract.reference.freedoms.base import Freedom
from virtool_contract.reference.values import Document

SAFE = 2**53


def strings_in(value: object) -> list[str]:
    """Return every string and key in a JSON value."""
    if isinstance(value, dict):
        return [*value, *(each for child in value.values() for each in strings_in(child))]
    if isinstance(value, list):
        return [each for child in value for each in strings_in(child)]
    return [value] if isinstance(value, str) else []


def integers_in(value: object) -> list[int]:
    """Return every integer in a JSON value."""
    if isinstance(value, dict | list):
        children = value.values() if isinstance(value, dict) else value
        return [each for child in children for each in integers_in(child)]
    return [value] if isinstance(value, int) else []


def numbers_rewritten(value: Any, *, whole: bool) -> Any:  # noqa: ANN401  # any JSON value
    """Return a JSON value with 1.0 as 1 if `whole`, else with 1 as 1.0."""
    if isinstance(value, dict):
        return {name: numbers_rewritten(each, whole=whole) for name, each in value.items()}
    if isinstance(value, list):
        return [numbers_rewritten(each, whole=whole) for each in value]
    if whole and isinstance(value, float) and value.is_integer() and abs(value) < SAFE:
        return int(value)
    if not whole and type(value) is int and abs(value) < SAFE:
        return float(value)
    return value


class ExtraMembersRefused(Freedom):
    """Members beside `results` are refused with 422."""

    @override
    def results_in(self, members: Document) -> Document:
        if members.keys() - {"results"}:
            raise BodyError(422, "The body must have no members but results")
        return super().results_in(members)


class BigIntegersRefused(Freedom):
    """Integers past 2**53 are refused with 422."""

    @override
    def acceptable(self, results: object) -> Document:
        if any(abs(each) > SAFE for each in integers_in(results)):
            raise BodyError(422, "An integer is out of range")
        return super().acceptable(results)


class NulRefused(Freedom):
    """Strings with U+0000 in them are refused with 422, as by PostgreSQL."""

    @override
    def acceptable(self, results: object) -> Document:
        if any("\0" in each for each in strings_in(results)):
            raise BodyError(422, "A string has a NUL character in it")
        return super().acceptable(results)


class SurrogatesRefused(Freedom):
    """Strings with lone surrogates in them are refused with 400."""

    @override
    def acceptable(self, results: object) -> Document:
        if any(0xD800 <= ord(point) < 0xE000 for each in strings_in(results) for point in each):
            raise BodyError(400, "A string has a lone surrogate in it")
        return super().acceptable(results)


class WholeFloatsAsIntegers(Freedom):
    """1.0 is kept as 1."""

    @override
    def stored(self, results: Document) -> Document:
        stored: Document = numbers_rewritten(super().stored(results), whole=True)
        return stored


class IntegersAsFloats(Freedom):
    """1 is kept as 1.0, up to 2**53."""

    @override
    def stored(self, results: Document) -> Document:
        stored: Document = numbers_rewritten(super().stored(results), whole=False)
        return stored


class BodiesLimited(Freedom):
    """Bodies of more than one MiB and some slack are refused with 413."""

    @override
    def body_limit(self) -> int:
        return 2**20 + 2**16
