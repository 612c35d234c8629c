"""Results that do not survive being kept, all because of one kind of value in them."""

import html
import re
import struct
import unicodedata
from collections.abc import Callable
from typing import Any, ClassVar

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault, Reach
from virtool_contract.reference.values import Document
from virtool_contract.reference.variants import without

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


def are_integers(items: list[Any]) -> bool:
    """Whether a list has integers only; booleans are none."""
    return all(type(item) is int for item in items)


class _Fidelity(Fault):
    """Changes one kind of value wherever it stands in the results."""

    category = "fidelity"
    breaks: ClassVar[tuple[str, ...]] = ("finalize.freeform",)
    reach: ClassVar[Reach] = "a value"

    @override
    def stored(self, results: Document) -> Document:
        changed: Document = rebuilt(super().stored(results), self.changed)
        return changed

    def changed(self, value: Any) -> Any:  # noqa: ANN401  # any JSON value
        """Return what becomes of one value, whose own values have been seen to."""
        hooks: dict[type, Callable[[Any], Any]] = {
            bool: self.of_boolean,
            int: self.of_integer,
            float: self.of_float,
            str: self.of_text,
            list: self.of_list,
            dict: self.of_object,
        }
        return value if value is None else hooks[type(value)](value)

    def of_boolean(self, value: bool) -> object:  # noqa: FBT001  # a value, not a switch
        """Return what becomes of true and false."""
        return value

    def of_integer(self, value: int) -> object:
        """Return what becomes of a number without fraction or exponent."""
        return value

    def of_float(self, value: float) -> object:
        """Return what becomes of another number."""
        return value

    def of_text(self, value: str) -> object:
        """Return what becomes of a string that is not a key."""
        return value

    def of_list(self, value: list[Any]) -> object:
        """Return what becomes of a list."""
        return value

    def of_object(self, value: Document) -> Document:
        """Return what becomes of an object."""
        return value


class NullsDropped(_Fidelity):
    """Members that are null disappear."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object({k: v for k, v in value.items() if v is not None})


class EmptyContainersDropped(_Fidelity):
    """Members that are an empty object or list disappear."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object({k: v for k, v in value.items() if v not in ({}, [])})


class EmptyListsAsNull(_Fidelity):
    """An empty list becomes null."""

    @override
    def of_list(self, value: list[Any]) -> object:
        return super().of_list(value) if value else None


class StringsTrimmed(_Fidelity):
    """Strings lose the blanks at their ends."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value.strip())


class EmptyStringsAsNull(_Fidelity):
    """An empty string becomes null."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value) if value else None


class UnicodeNormalized(_Fidelity):
    """Strings are brought into Unicode's composed form."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(unicodedata.normalize("NFC", value))


class CompatibilityCharactersReplaced(_Fidelity):
    """Ligatures, fractions and full-width letters become plain ones."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(unicodedata.normalize("NFKC", value))


class WideBlanksBecomePlain(_Fidelity):
    """Blanks that do not break, or are wider or narrower, become plain blanks."""

    @override
    def of_text(self, value: str) -> object:
        plain = (" " if unicodedata.category(char) == "Zs" else char for char in value)
        return super().of_text("".join(plain))


class TimesOfDayBecomeSeconds(_Fidelity):
    """Text that looks like a time of day becomes seconds, as some readers of YAML have it."""

    @override
    def of_text(self, value: str) -> object:
        if not re.fullmatch(r"\d\d:\d\d:\d\d", value):
            return super().of_text(value)
        hours, minutes, seconds = map(int, value.split(":"))
        return 3600 * hours + 60 * minutes + seconds


class WordsOfTruthBecomeBooleans(_Fidelity):
    """Text that says yes or no becomes true or false."""

    @override
    def of_text(self, value: str) -> object:
        return {"yes": True, "no": False}.get(value, super().of_text(value))


class NonAsciiReplaced(_Fidelity):
    """Characters outside ASCII become question marks."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value.encode("ascii", "replace").decode())


class AstralCharactersCut(_Fidelity):
    """Strings end before their first character outside the basic plane, as in old MySQL."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(re.split("[\U00010000-\U0010ffff]", value, maxsplit=1)[0])


class MarkupEscaped(_Fidelity):
    """`<`, `>`, `&` and quotes in strings are escaped as in HTML."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(html.escape(value))


class LongStringsCut(_Fidelity):
    """Strings are cut to 1,000 characters."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value[:LONGEST])


class DigitsBecomeNumbers(_Fidelity):
    """A string of up to 15 digits becomes a number."""

    @override
    def of_text(self, value: str) -> object:
        return int(value) if re.fullmatch("[0-9]{1,15}", value) else super().of_text(value)


class BooleansBecomeIntegers(_Fidelity):
    """true and false become 1 and 0."""

    @override
    def of_boolean(self, value: bool) -> object:
        return int(value)


class FloatsRounded(_Fidelity):
    """Fractions are rounded to six digits."""

    @override
    def of_float(self, value: float) -> object:
        return super().of_float(round(value, 6))


class FloatsInSinglePrecision(_Fidelity):
    """Fractions are kept in 32 bits, the largest cut to what fits."""

    @override
    def of_float(self, value: float) -> object:
        return struct.unpack("f", struct.pack("f", max(-3e38, min(value, 3e38))))[0]


class IntegersIn32Bits(_Fidelity):
    """Integers wrap at 2**31."""

    @override
    def of_integer(self, value: int) -> object:
        return super().of_integer((value + 2**31) % 2**32 - 2**31)


class KeysLowered(_Fidelity):
    """Keys are brought into lower case."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object({k.lower(): v for k, v in value.items()})


class DottedKeysSplit(_Fidelity):
    """A key with a dot in it becomes an object in an object, as in a MongoDB update."""

    @override
    def of_object(self, value: Document) -> Document:
        pairs = [(name.partition("."), each) for name, each in value.items()]
        return {head: {tail: each} if dot else each for (head, dot, tail), each in pairs}


class DollarKeysDropped(_Fidelity):
    """Keys that begin with `$` disappear."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object({k: v for k, v in value.items() if not k.startswith("$")})


class ProtoKeysDropped(_Fidelity):
    """Keys named `__proto__` disappear, as in a careless JavaScript copy."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object(without(value, "__proto__"))


class EmptyKeysDropped(_Fidelity):
    """Members with an empty key disappear."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object(without(value, ""))


class RepeatsDropped(_Fidelity):
    """Lists lose values they already have."""

    @override
    def of_list(self, value: list[Any]) -> object:
        return [each for at, each in enumerate(value) if each not in value[:at]]


class SingletonsUnwrapped(_Fidelity):
    """A list of one becomes the one."""

    @override
    def of_list(self, value: list[Any]) -> object:
        return value[0] if len(value) == 1 else super().of_list(value)


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
    def of_integer(self, value: int) -> object:
        big = 2**53 < abs(value) < 10**300
        return super().of_integer(int(float(value)) if big else value)


class NulCharactersDropped(_Fidelity):
    """Strings lose the character U+0000."""

    breaks = ("finalize.beyond-i-json",)

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value.replace("\0", ""))


class SurrogatesReplaced(_Fidelity):
    """A lone surrogate becomes U+FFFD."""

    breaks = ("finalize.beyond-i-json",)

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(re.sub("[\ud800-\udfff]", "\ufffd", value))


class LargeResultsEmptied(_Fidelity):
    """Results of more than 512 KiB of strings are kept as an empty object."""

    breaks = ("finalize.size",)

    @override
    def stored(self, results: Document) -> Document:
        results = super().stored(results)
        return {} if len(str(results)) > 2**19 else results


class IntegersSorted(_Fidelity):
    """Arrays of integers are sorted."""

    @override
    def of_list(self, value: list[Any]) -> object:
        return sorted(value) if are_integers(value) else value
