"""What is alike in two deviations, as a text: `*` stands for anything, `#` for a number. Pure.

`received` texts quote ids, times, keys and drawn values, which are others in each run. What stays
is the status, the media type, the member, the rule that it breaks, and the kind of value.
"""

import re
from functools import cache

ANYTHING = "*"
A_NUMBER = "#"
SPECIAL = re.compile(r"([*#])")
NUMBER = r"-?\d[\d.eE+-]*"
ANSWER = re.compile(r"(?P<status>[1-5]\d\d)(?P<media> [\w.+-]+/[\w.+-]+)?(?P<body> .*)?", re.DOTALL)
"""An answer as `describe` puts it: status, media type, the first bytes of the body."""
CHECKED = re.compile(r"[1-5]\d\d: ")
"""A status before the title of one of schemathesis' checks."""
MEMBER = re.compile(r"(?P<pointer>/[^:]*): (?P<said>.*)", re.DOTALL)
MOVED = re.compile(r"expected (?P<was>.*), got (?P<is>.*)", re.DOTALL)
ASKED = re.compile(r"(\w+ by [^:]+: )?(.*)", re.DOTALL)
RULE = re.compile(r"(?P<value>.*)(?P<rule> (?:is|has|does|was) [^{}\[\]]*)", re.DOTALL)
RESULTS = "/results/"
REQUIRED = " is a required property"
RACE = "acknowledged and lost: "
CUT = "…"


def matches(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern says; case counts, and only `*` and `#` are special."""
    return bool(_compiled(pattern).fullmatch(text))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern as an expression; each `*` takes as little as it can, once and for all.

    So a long text costs no more than its length, however many there are. A text may have a `#`.
    """
    special = {ANYTHING: ".*?", A_NUMBER: rf"(?:{A_NUMBER}|{NUMBER})"}
    parts = [special.get(each, re.escape(each)) for each in SPECIAL.split(_squeezed(pattern))]
    first, *groups = "".join(parts).split(special[ANYTHING])
    *middle, last = groups or [""]
    between = "".join(f"(?>.*?{each})" for each in middle)
    return re.compile(f"{first}{between}.*{last}" if groups else first, re.DOTALL)


def likeness(text: str) -> str:
    """The pattern of a `received` text: what is the same in every run stays."""
    if answer := ANSWER.fullmatch(text):
        return f"{answer['status']}{answer['media'] or ''}{_body(answer)}"
    if text.startswith(RACE):
        return f"{RACE}{ANYTHING}"
    if member := MEMBER.fullmatch(text):
        return f"{_pointer(member['pointer'])}: {_said(member['said'])}"
    checked = CHECKED.match(text)
    before = checked[0] if checked else ""
    return before + _without_numbers(text[len(before) :])


def loose(pattern: str) -> str:
    """A pattern that says less: any body with this status, anything about this member.

    What was asked stays where the pattern has it, as in `finalize by owner: 200 *`.
    """
    asked, actual = _parted(pattern)
    if answer := ANSWER.fullmatch(actual):
        return f"{asked}{answer['status']}{ANYTHING}"
    if member := MEMBER.fullmatch(actual):
        return f"{asked}{member['pointer']}: {ANYTHING}"
    return f"{asked}{ANYTHING}"


def by_anybody(pattern: str) -> str:
    """A pattern for whoever asks."""
    return re.sub(r"^(\w+ by )[^:]+: ", rf"\1{ANYTHING}: ", pattern)


def hides(pattern: str, other: str) -> bool:
    """Whether seeing one deviation may be why another was not seen in the same document.

    All that is wrong with a document is told, but for what is inside of something that is wrong
    itself, and for all but the first difference in results.
    """
    members = [MEMBER.fullmatch(_parted(each)[1]) for each in (pattern, other)]
    asking, asking_other = (_parted(each)[0] for each in (pattern, other))
    if not all(members) or (asking_other and not matches(asking, asking_other)):
        return True
    place, place_other = (_place(each["pointer"], each["said"]) for each in members if each)
    both_results = all(each.startswith(RESULTS) for each in (place, place_other))
    return both_results or matches(f"{place}{ANYTHING}", place_other)


def _parted(pattern: str) -> tuple[str, str]:
    """What was asked, where the pattern says it, and what was answered."""
    said = ASKED.fullmatch(pattern)
    assert said, "both parts of it may be missing"
    asking, actual = said.groups(default="")
    return asking, actual


def _place(pointer: str, said: str) -> str:
    """Where a member is, or is missing, with a slash at its end."""
    absent = said.removesuffix(REQUIRED).strip("'\"") if said.endswith(REQUIRED) else ""
    return f"{pointer.rstrip('/')}/{absent}".rstrip("/") + "/"


def _body(answer: re.Match[str]) -> str:
    """A short refusal keeps its words; a document, or what was cut, is another in each run."""
    body = answer["body"] or ""
    if body and (answer["status"].startswith("2") or body.endswith(CUT)):
        return f" {ANYTHING}"
    return _without_numbers(body)


def _without_numbers(text: str) -> str:
    """The text with each word that has a digit in it, such as an id or a time, as `*`."""
    return _squeezed(re.sub(r"[\w.:+-]*\d[\w.:+-]*", ANYTHING, text))


def _pointer(pointer: str) -> str:
    """Rows of a list are as good as one another, and so are the members of results."""
    if pointer.startswith(RESULTS):
        return f"{RESULTS}{ANYTHING}"
    return re.sub(r"/\d+(?=/|$)", f"/{ANYTHING}", pointer)


def _said(said: str) -> str:
    if moved := MOVED.fullmatch(said):
        return f"expected {_value(moved['was'])}, got {_value(moved['is'])}"
    if said.endswith(REQUIRED):
        return said
    rule = RULE.fullmatch(said)
    return f"{_value(rule['value'])}{rule['rule']}" if rule else _value(said)


def _value(text: str) -> str:
    """What kind of value a text shows, as far as the beginning tells; it may have been cut."""
    if text in {'""', "{}", "[]", "null", "true", "false", "nothing"}:
        return text
    if text.startswith(('"', "{", "[")):
        return f"{text[0]}{ANYTHING}"
    if re.fullmatch(NUMBER, text):
        return A_NUMBER
    return f"{A_NUMBER} items" if text.endswith(" items") else ANYTHING


def _squeezed(pattern: str) -> str:
    return re.sub(r"\*+", ANYTHING, pattern)
