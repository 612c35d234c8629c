"""Results that do not survive being kept, because of one kind of text or number in them."""

import html
import re
import struct
import unicodedata

from typing_extensions import override

from virtool_contract.reference.faults.rebuilding import Rebuilding

LONGEST = 1000


class StringsTrimmed(Rebuilding):
    """Strings lose the blanks at their ends."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value.strip())


class EmptyStringsAsNull(Rebuilding):
    """An empty string becomes null."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value) if value else None


class UnicodeNormalized(Rebuilding):
    """Strings are brought into Unicode's composed form."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(unicodedata.normalize("NFC", value))


class CompatibilityCharactersReplaced(Rebuilding):
    """Ligatures, fractions and full-width letters become plain ones."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(unicodedata.normalize("NFKC", value))


class WideBlanksBecomePlain(Rebuilding):
    """Blanks that do not break, or are wider or narrower, become plain blanks."""

    @override
    def of_text(self, value: str) -> object:
        plain = (" " if unicodedata.category(char) == "Zs" else char for char in value)
        return super().of_text("".join(plain))


class NonAsciiReplaced(Rebuilding):
    """Characters outside ASCII become question marks."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value.encode("ascii", "replace").decode())


class AstralCharactersCut(Rebuilding):
    """Strings end before their first character outside the basic plane, as in old MySQL."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(re.split("[\U00010000-\U0010ffff]", value, maxsplit=1)[0])


class MarkupEscaped(Rebuilding):
    """`<`, `>`, `&` and quotes in strings are escaped as in HTML."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(html.escape(value))


class LongStringsCut(Rebuilding):
    """Strings are cut to 1,000 characters."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value[:LONGEST])


class BooleansBecomeIntegers(Rebuilding):
    """true and false become 1 and 0."""

    @override
    def of_boolean(self, value: bool) -> object:
        return int(value)


class FloatsRounded(Rebuilding):
    """Fractions are rounded to six digits."""

    @override
    def of_float(self, value: float) -> object:
        return super().of_float(round(value, 6))


class FloatsInSinglePrecision(Rebuilding):
    """Fractions are kept in 32 bits, the largest cut to what fits."""

    @override
    def of_float(self, value: float) -> object:
        return struct.unpack("f", struct.pack("f", max(-3e38, min(value, 3e38))))[0]


class IntegersIn32Bits(Rebuilding):
    """Integers wrap at 2**31."""

    @override
    def of_integer(self, value: int) -> object:
        return super().of_integer((value + 2**31) % 2**32 - 2**31)


class IntegersIn16Bits(Rebuilding):
    """Integers up to a million wrap at 2**15."""

    @override
    def of_integer(self, value: int) -> object:
        small = abs(value) <= 10**6
        return super().of_integer((value + 2**15) % 2**16 - 2**15 if small else value)


class BigIntegersAsFloats(Rebuilding):
    """Integers past 2**53 lose their last digits."""

    breaks = ("finalize.beyond-i-json",)

    @override
    def of_integer(self, value: int) -> object:
        big = 2**53 < abs(value) < 10**300
        return super().of_integer(int(float(value)) if big else value)


class NulCharactersDropped(Rebuilding):
    """Strings lose the character U+0000."""

    breaks = ("finalize.beyond-i-json",)

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value.replace("\0", ""))


class SurrogatesReplaced(Rebuilding):
    """A lone surrogate becomes U+FFFD."""

    breaks = ("finalize.beyond-i-json",)

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(re.sub("[\ud800-\udfff]", "\ufffd", value))


class VariationSelectorsDropped(Rebuilding):
    """Strings lose the characters that choose between a sign in text and in colour."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(re.sub("[\ufe00-\ufe0f]", "", value))


class DoubledQuotesHalved(Rebuilding):
    """Of two quotation marks in a row one is lost, as by those who quote SQL themselves."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value.replace("''", "'"))


class WideBlanksTrimmed(Rebuilding):
    """Strings lose the blanks at their ends that are wider, or do not break."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value.strip("\u00a0\u2003\u3000"))


class PercentSignsHalved(Rebuilding):
    """Of two percent signs in a row one is lost, as by those who format text once too often."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value.replace("%%", "%"))


class EscapeCharactersDropped(Rebuilding):
    """The character that begins a terminal's commands is lost."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value.replace("\x1b", ""))


class TagCharactersDropped(Rebuilding):
    """The invisible characters that spell out which flag a sign stands for are lost."""

    @override
    def of_text(self, value: str) -> object:
        plain = (char for char in value if not 0xE0000 <= ord(char) <= 0xE007F)
        return super().of_text("".join(plain))


class BackslashesHalved(Rebuilding):
    """Of two backslashes in a row one is lost, as by those who read escapes once too often."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(value.replace("\\\\", "\\"))
