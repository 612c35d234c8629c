"""Results that do not survive being kept, because a text in them looks like something else."""

import base64
import re
from datetime import UTC, datetime

from typing_extensions import override

from virtool_contract.reference.faults.rebuilding import Rebuilding
from virtool_contract.reference.values import Document


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


class DigitsBecomeNumbers(Rebuilding):
    """A string of up to 15 digits becomes a number."""

    @override
    def of_text(self, value: str) -> object:
        return int(value) if re.fullmatch("[0-9]{1,15}", value) else super().of_text(value)


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


class DecimalCommasRead(Rebuilding):
    """Text that looks like a number with a decimal comma becomes that number."""

    @override
    def of_text(self, value: str) -> object:
        number = re.fullmatch(r"\d+,\d{1,2}", value)
        return float(value.replace(",", ".")) if number else super().of_text(value)


class OffsetsBecomeUtc(Rebuilding):
    """Text that looks like a time in some zone becomes that time in UTC."""

    @override
    def of_text(self, value: str) -> object:
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d", value):
            return super().of_text(value)
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()


class KeysReadAsValues(Rebuilding):
    """A key that is `yes`, `null` or a number comes back as that is written, as in YAML."""

    @override
    def of_object(self, value: Document) -> Document:
        read = {"yes": "true", "no": "false", "null": "None", "1e3": "1000.0"}
        return super().of_object({read.get(name, name): each for name, each in value.items()})
