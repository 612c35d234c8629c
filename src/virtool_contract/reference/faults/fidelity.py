"""Results that do not survive being kept, because of one kind of text or number in them."""

import base64
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


class TimesOfDayBecomeSeconds(Rebuilding):
    """Text that looks like a time of day becomes seconds, as some readers of YAML have it."""

    @override
    def of_text(self, value: str) -> object:
        if not re.fullmatch(r"\d\d:\d\d:\d\d", value):
            return super().of_text(value)
        hours, minutes, seconds = map(int, value.split(":"))
        return 3600 * hours + 60 * minutes + seconds


class WordsOfTruthBecomeBooleans(Rebuilding):
    """Text that says yes or no becomes true or false."""

    @override
    def of_text(self, value: str) -> object:
        return {"yes": True, "no": False}.get(value, super().of_text(value))


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


class DigitsBecomeNumbers(Rebuilding):
    """A string of up to 15 digits becomes a number."""

    @override
    def of_text(self, value: str) -> object:
        return int(value) if re.fullmatch("[0-9]{1,15}", value) else super().of_text(value)


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


class AmountsBecomeNumbers(Rebuilding):
    """Text that looks like an amount with thousands becomes a number."""

    @override
    def of_text(self, value: str) -> object:
        amount = re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", value)
        return float(value.replace(",", "")) if amount else super().of_text(value)


class FormulasQuoted(Rebuilding):
    """Text that a spreadsheet takes for a formula gets a quote in front."""

    @override
    def of_text(self, value: str) -> object:
        return super().of_text(f"'{value}" if value.startswith("=") else value)


class Base64Decoded(Rebuilding):
    """Text that looks like base64 is decoded, if letters and digits come of it."""

    @override
    def of_text(self, value: str) -> object:
        try:
            text = base64.b64decode(value, validate=True).decode()
        except ValueError:
            return super().of_text(value)
        return text if text.isalnum() else super().of_text(value)


class DatesBecomeTimes(Rebuilding):
    """Text that looks like a date becomes the midnight at which it begins."""

    @override
    def of_text(self, value: str) -> object:
        is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", value)
        return super().of_text(f"{value}T00:00:00Z" if is_date else value)


class GenesBecomeDates(Rebuilding):
    """Names of genes that look like days of a month become dates, as in spreadsheets."""

    @override
    def of_text(self, value: str) -> object:
        named = re.fullmatch(r"(MARCH|SEPT|DEC)(\d{1,2})", value)
        return super().of_text(f"{named[2]}-{named[1].title()[:3]}" if named else value)


class MissingBecomesNull(Rebuilding):
    """Text that says that something is not available becomes null."""

    @override
    def of_text(self, value: str) -> object:
        return None if value in {"NA", "N/A", "undefined"} else super().of_text(value)


class IdentifiersLowered(Rebuilding):
    """Identifiers of 128 bits are brought into lower case."""

    @override
    def of_text(self, value: str) -> object:
        groups = re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", value)
        return super().of_text(value.lower() if groups else value)


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
