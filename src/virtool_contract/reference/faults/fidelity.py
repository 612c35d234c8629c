"""Results that do not survive being kept, all because of one kind of value in them."""

import html
import struct
import unicodedata
from collections.abc import Callable
from typing import Any, ClassVar

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault, Reach
from virtool_contract.reference.values import Document

DEEPEST = 32
LONGEST = 1000


def rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401  # any JSON value
    """Return a JSON value with every value in it changed, the innermost first."""
    if isinstance(value, dict):
        return change({name: rebuilt(each, change) for name, each in value.items()})
    if isinstance(value, list):
        return change([rebuilt(each, change) for each in value])
    return change(value)


def cut_below(value: Any, depth: int) -> Any:  # noqa: ANN401  # any JSON value
    """Return a JSON value with null for whatever lies deeper than `depth` levels."""
    if isinstance(value, dict):
        return {name: cut_below(each, depth - 1) if depth else None for name, each in value.items()}
    if isinstance(value, list):
        return [cut_below(each, depth - 1) if depth else None for each in value]
    return value


class _Fidelity(Fault):
    category = "fidelity"
    breaks: ClassVar[tuple[str, ...]] = ("finalize.freeform",)
    reach: ClassVar[Reach] = "a value"

    @override
    def stored(self, results: Document) -> Document:
        changed: Document = rebuilt(super().stored(results), self.changed)
        return changed

    def changed(self, value: Any) -> Any:  # noqa: ANN401  # any JSON value
        """Return what becomes of one value, whose own values have been seen to."""
        return value


class NullsDropped(_Fidelity):
    """Members that are null disappear."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if not isinstance(value, dict):
            return value
        return {name: each for name, each in value.items() if each is not None}


class EmptyContainersDropped(_Fidelity):
    """Members that are an empty object or list disappear."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if not isinstance(value, dict):
            return value
        return {name: each for name, each in value.items() if each not in ({}, [])}


class EmptyListsAsNull(_Fidelity):
    """An empty list becomes null."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        return None if value == [] else value


class StringsTrimmed(_Fidelity):
    """Strings lose the blanks at their ends."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        return value.strip() if isinstance(value, str) else value


class EmptyStringsAsNull(_Fidelity):
    """An empty string becomes null."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        return None if value == "" else value


class UnicodeNormalized(_Fidelity):
    """Strings and keys are brought into Unicode's composed form."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if isinstance(value, dict):
            return {unicodedata.normalize("NFC", name): each for name, each in value.items()}
        return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


class NonAsciiReplaced(_Fidelity):
    """Characters outside ASCII become question marks."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        return value.encode("ascii", "replace").decode() if isinstance(value, str) else value


class AstralCharactersCut(_Fidelity):
    """Strings end before their first character outside the basic plane, as in old MySQL."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if not isinstance(value, str):
            return value
        return next((value[:at] for at, each in enumerate(value) if ord(each) > 0xFFFF), value)


class MarkupEscaped(_Fidelity):
    """`<`, `>`, `&` and quotes in strings are escaped as in HTML."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        return html.escape(value) if isinstance(value, str) else value


class LongStringsCut(_Fidelity):
    """Strings are cut to 1,000 characters."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        return value[:LONGEST] if isinstance(value, str) else value


class DigitsBecomeNumbers(_Fidelity):
    """A string of digits becomes a number."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        digits = isinstance(value, str) and value.isascii() and value.isdigit()
        return int(value) if digits and len(value) < 16 else value


class BooleansBecomeIntegers(_Fidelity):
    """true and false become 1 and 0."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        return int(value) if isinstance(value, bool) else value


class FloatsRounded(_Fidelity):
    """Fractions are rounded to six digits."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        return round(value, 6) if isinstance(value, float) else value


class FloatsInSinglePrecision(_Fidelity):
    """Fractions are kept in 32 bits, the largest cut to what fits."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if not isinstance(value, float):
            return value
        return struct.unpack("f", struct.pack("f", max(-3e38, min(value, 3e38))))[0]


class IntegersIn32Bits(_Fidelity):
    """Integers wrap at 2**31."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return value
        return (value + 2**31) % 2**32 - 2**31


class KeysLowered(_Fidelity):
    """Keys are brought into lower case."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if not isinstance(value, dict):
            return value
        return {name.lower(): each for name, each in value.items()}


class DottedKeysSplit(_Fidelity):
    """A key with a dot in it becomes an object in an object, as in a MongoDB update."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if not isinstance(value, dict):
            return value
        pairs = [(name.partition("."), each) for name, each in value.items()]
        return {head: {tail: each} if dot else each for (head, dot, tail), each in pairs}


class DollarKeysDropped(_Fidelity):
    """Keys that begin with `$` disappear."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if not isinstance(value, dict):
            return value
        return {name: each for name, each in value.items() if not name.startswith("$")}


class ProtoKeysDropped(_Fidelity):
    """Keys named `__proto__` disappear, as in a careless JavaScript copy."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if not isinstance(value, dict):
            return value
        return {name: each for name, each in value.items() if name != "__proto__"}


class EmptyKeysDropped(_Fidelity):
    """Members with an empty key disappear."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        return {k: v for k, v in value.items() if k} if isinstance(value, dict) else value


class RepeatsDropped(_Fidelity):
    """Lists lose values they already have."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if not isinstance(value, list):
            return value
        return [each for at, each in enumerate(value) if each not in value[:at]]


class SingletonsUnwrapped(_Fidelity):
    """A list of one becomes the one."""

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        return value[0] if isinstance(value, list) and len(value) == 1 else value


class DeepNestingCut(_Fidelity):
    """Whatever lies deeper than 32 levels becomes null."""

    @override
    def stored(self, results: Document) -> Document:
        shallow: Document = cut_below(super().stored(results), DEEPEST)
        return shallow


class BigIntegersAsFloats(_Fidelity):
    """Integers past 2**53 lose their last digits."""

    breaks = ("finalize.beyond-i-json",)

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        big = isinstance(value, int) and 2**53 < abs(value) < 10**300
        return int(float(value)) if big else value


class NulCharactersDropped(_Fidelity):
    """Strings lose the character U+0000."""

    breaks = ("finalize.beyond-i-json",)

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        return value.replace("\0", "") if isinstance(value, str) else value


class SurrogatesReplaced(_Fidelity):
    """A lone surrogate becomes U+FFFD."""

    breaks = ("finalize.beyond-i-json",)

    @override
    def changed(self, value: Any) -> Any:
        value = super().changed(value)
        if not isinstance(value, str):
            return value
        return "".join("\ufffd" if 0xD800 <= ord(each) < 0xE000 else each for each in value)


class LargeResultsEmptied(_Fidelity):
    """Results of more than 512 KiB of strings are kept as an empty object."""

    breaks = ("finalize.size",)

    @override
    def stored(self, results: Document) -> Document:
        results = super().stored(results)
        return {} if len(str(results)) > 2**19 else results
