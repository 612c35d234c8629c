"""Keeps keys out of messages: every text that may quote a target goes through `Secrets.hide`."""

import base64
import binascii
import html
import re
from collections.abc import Iterator

from virtool_contract.provider import Credentials

MASK = "***"
SHORTEST = 3
"""Shorter secrets are left: masking every `a` would hide the message and not the key."""
PARTIAL = 6
"""So much of the beginning of a secret is masked where a text was cut in the middle of one."""
TELLING = 8
"""So much of it is masked anywhere: wrong keys that the suite sends are made of right ones."""
REPLACED = 6
"""So many characters, from the middle on, a wrong key has changed (see `credentials.spoiled`)."""
CUT = "\u2026"
"""What stands where a text was cut."""

_ESCAPED = (
    r"\\\\*u(?P<unit>[0-9a-f]{4})|\\\\*x(?P<code>[0-9a-f]{2})|%(?:25)*(?P<byte>[0-9a-f]{2})"
    r"|&(?P<entity>#\d{1,7}|#x[0-9a-f]{1,6}|quot|amp|lt|gt|apos);|\\|\0"
)
ESCAPED = re.compile(_ESCAPED, re.IGNORECASE)
"""A character as JSON, Python, a URL or HTML escape it, also several times over.

Each way begins with a character of its own, by which the search skips what begins none.
"""
ESCAPES = re.compile(f"{_ESCAPED}|.", re.IGNORECASE | re.DOTALL)
"""The same, or any other character."""
VOID = frozenset("\\\0")
"""What stands for nothing, where it escapes nothing."""
PIECE = 4096
"""So much of a long word is looked at at once."""
OVERLAP = 64
"""So much of it is looked at again with the next piece: the beginning of a secret, encoded."""
MOST_CLEAN = 50_000
"""So many words are remembered to hold no secret."""
SHORT = 100
"""Texts of so many characters are remembered as a whole."""
RUNS = re.compile(r"[0-9A-Za-z+/_=-]{8,}")
"""What may be base64 or hexadecimal."""
HEX = re.compile("[0-9a-fA-F]{2,}")
SMALL = bytes(range(256)).decode("latin-1").lower().encode("latin-1")
"""Latin-1 in small letters; each of its characters has one there."""
IN_URLS = str.maketrans("-_", "+/")


class Secrets:
    """The secrets that were handed out; `hide` finds them in the encodings a target may echo.

    The text is decoded, and not the secrets encoded, of which a run sees thousands.
    """

    def __init__(self) -> None:
        """Know none yet."""
        self._by_start: dict[str, set[str]] = {}
        self._shortest = PARTIAL

    def add(self, credentials: Credentials) -> None:
        """Learn the key and the headers of a job."""
        values = [credentials.job_key, *credentials.headers.values()]
        values += [value.partition(" ")[2] for value in credentials.headers.values()]
        ends = (each[len(each) // 2 + REPLACED :] for each in values)
        values += [end for end in ends if len(end) >= TELLING]
        for secret in filter(None, values):
            for form in _forms(secret):
                if len(form) >= SHORTEST:
                    start = form[: PARTIAL if len(form) >= PARTIAL else SHORTEST]
                    self._by_start.setdefault(start, set()).add(form)
                    self._shortest = min(self._shortest, len(start))

    def alphabet(self) -> str:
        """The characters that a secret begins with, or a short one has, in both letter cases."""
        begins = (form[:PARTIAL] for forms in self._by_start.values() for form in forms)
        small = {char for begin in begins for char in begin}
        return "".join(sorted(small | {char.upper() for char in small}))

    def may_be_in(self, word: str) -> bool:
        """Whether a text without escapes holds the beginning of a secret, plain or encoded.

        With none, `hide` would leave it as it is.
        """
        if len(word) < self._shortest:
            return False
        small = word.lower() if word.isascii() else _lower(word)
        if self._begins_in(small):
            return True
        runs = (each for run in RUNS.findall(word) for each in _decoded(run, self._shortest))
        return any(map(self._begins_in, runs))

    def _begins_in(self, small: str) -> bool:
        sizes = {PARTIAL, self._shortest}
        grams = {small[place : place + size] for size in sizes for place in range(len(small))}
        return not self._by_start.keys().isdisjoint(grams)

    def hide(self, text: str) -> str:
        """The text with every secret masked, also one that a cut has left the beginning of.

        Letter case does not matter, for a target may shout.
        """
        units = [(match.start(), _meant(match)) for match in ESCAPES.finditer(text)]
        units = [(place, char) for place, char in units if char]
        ends = [place for place, _ in units[1:]] + [len(text)]
        plain = "".join(char for _, char in units)
        shown, done = [], 0
        for first, last in self._spans(plain):
            if units[first][0] >= done:
                shown += [text[done : units[first][0]], MASK]
            done = max(done, ends[last - 1])
        return "".join([*shown, text[done:]])

    def _spans(self, plain: str) -> list[tuple[int, int]]:
        """Where secrets are in a text without escapes, in order."""
        spans = list(self._found(plain.lower() if plain.isascii() else _lower(plain)))
        spans += [
            run.span()
            for run in RUNS.finditer(plain)
            if any(next(self._found(each), None) for each in _decoded(run[0]))
        ]
        return sorted(spans)

    def _found(self, small: str) -> Iterator[tuple[int, int]]:
        """Where secrets are, whole or their beginnings; all in small letters."""
        for place in range(len(small)):
            for size in (PARTIAL, SHORTEST):
                for secret in self._by_start.get(small[place : place + size], ()):
                    end = place + _shared(secret, small[place : place + len(secret)])
                    whole = end - place == len(secret)
                    cut = size == PARTIAL and small[end : end + 1] in {"", CUT}
                    if whole or cut or end - place >= TELLING:
                        yield place, end


class Screen:
    """Hides secrets in many texts that are much alike, as `Secrets.hide` would.

    What begins a secret, or may be one encoded, lies within a word of certain characters, so a text
    whose words are known to hold none has none. Secrets that are added later are not looked for.
    """

    def __init__(self, secrets: Secrets) -> None:
        """Find out what the words are made of."""
        self._secrets = secrets
        others = re.escape(secrets.alphabet())
        self._words = re.compile(f"[0-9A-Za-z+/_=\\-{others}\x80-\U0010ffff]+")
        self._clean: set[str] = set()
        self._short: dict[str, str] = {}

    def hide(self, text: str) -> str:
        """The text with every secret masked."""
        if len(text) > SHORT:
            return self._hide(text)
        if text not in self._short:
            self._short = self._short if len(self._short) < MOST_CLEAN else {}
            self._short[text] = self._hide(text)
        return self._short[text]

    def _hide(self, text: str) -> str:
        plain = ESCAPED.sub(_meant, text)
        fresh = set(self._words.findall(plain)) - self._clean
        if any(map(self._may_hold, fresh)):
            return self._secrets.hide(text)
        if len(self._clean) > MOST_CLEAN:
            self._clean.clear()
        self._clean |= fresh
        return text

    def _may_hold(self, word: str) -> bool:
        """The same of a word of any length: long ones are mostly the same over and over."""
        step = PIECE - OVERLAP
        pieces = {word[at : at + PIECE] for at in range(0, max(len(word) - OVERLAP, 1), step)}
        return any(map(self._secrets.may_be_in, pieces))


def _shared(secret: str, text: str) -> int:
    """How many characters they have in common at the beginning."""
    if secret == text:
        return len(secret)
    pairs = enumerate(zip(secret, text, strict=False))
    return next((place for place, (one, other) in pairs if one != other), len(text))


def _forms(secret: str) -> set[str]:
    """A secret in small letters, as text and as what its UTF-8 and its UTF-16 look like."""
    units = secret.encode("utf-16-be", "surrogatepass")
    pairs = (units[place : place + 2] for place in range(0, len(units), 2))
    forms = (
        secret,
        secret.encode().decode("latin-1"),
        "".join(chr(int.from_bytes(pair)) for pair in pairs),
    )
    return {_lower("".join(map(_meant, ESCAPES.finditer(form)))) for form in forms}


def _meant(match: re.Match[str]) -> str:
    """The character that an escape stands for; nothing for a backslash or a NUL."""
    number = match["unit"] or match["code"] or match["byte"]
    if number:
        return chr(int(number, 16)) if int(number, 16) else ""
    if match["entity"]:
        return html.unescape(f"&{match['entity']}")
    return "" if match[0] in VOID else match[0]


def _lower(text: str) -> str:
    """A text in small letters, of the same length."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _decoded(run: str, least: int = 1) -> Iterator[str]:
    """What a run may be the base64 or the hexadecimal digits of; it may begin within a group.

    Texts of less than `least` characters are left out.
    """
    for part in filter(None, run.translate(IN_URLS).split("=")):  # which ends what is encoded
        for shift in range(4):
            if (len(part) - shift) * 3 // 4 >= least:
                digits = part[shift:]
                whole = digits[: len(digits) // 4 * 4]
                yield _as_text(base64.b64decode(whole.encode() + _padded(digits[len(whole) :])))
    for digits in HEX.findall(run):  # behind a slash, say, which base64 has among its digits
        for shift in range(2):
            if (len(digits) - shift) // 2 >= least:
                even = digits[shift : shift + (len(digits) - shift) // 2 * 2]
                yield _as_text(binascii.unhexlify(even))


def _padded(rest: str) -> bytes:
    """The last group of base64, filled up; a single digit of one says nothing."""
    return (rest + "=" * (4 - len(rest))).encode() if len(rest) > 1 else b""


def _as_text(raw: bytes) -> str:
    return raw.replace(b"\0", b"").translate(SMALL).decode("latin-1")
