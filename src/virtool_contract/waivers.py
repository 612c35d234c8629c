"""Waivers: known deviations that do not fail a run, each with a reason and a last day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import yaml

from virtool_contract.contract import Contract
from virtool_contract.likeness import matches
from virtool_contract.option_values import EFFORTS, FALSE, TRUE
from virtool_contract.options import OptionError

REQUIRED = ("clause", "reason", "expires")
KEYS = (*REQUIRED, "issue", "owner", "observed", "effort", "intermittent")


def utc_today() -> date:
    """The date, the same on every machine."""
    return datetime.now(tz=UTC).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One entry: it stands from line `first` to line `last` of `file`.

    `observed` is what the target does instead, as a pattern (see `likeness.matches`); empty for
    whatever it does. Below `effort` the deviation does not show; an `intermittent` one may not
    show at all.
    """

    clause: str
    reason: str
    expires: date
    issue: str = ""
    owner: str = ""
    observed: str = ""
    effort: str = EFFORTS[0]
    intermittent: bool = False
    file: str = ""
    first: int = 1
    last: int = 1

    @property
    def place(self) -> str:
        """Where it stands: `waivers.yaml:12`."""
        return f"{self.file}:{self.first}"

    def covers(self, request: str, actual: str) -> bool:
        """Whether it speaks of this: what came, or what was asked and what came."""
        if not self.observed:
            return True
        return any(matches(self.observed, text) for text in (actual, asked(request, actual)))

    def shows_at(self, effort: str) -> bool:
        """Whether a run of that effort can see the deviation."""
        return EFFORTS.index(effort) >= EFFORTS.index(self.effort)


def asked(request: str, actual: str) -> str:
    """A deviation in one line: `finalize by anonymous: 200 application/json {}`."""
    return f"{request}: {actual}" if request else actual


@dataclass(frozen=True, slots=True, kw_only=True)
class Waivers:
    """The entries of a file, as they are on one day."""

    entries: tuple[Waiver, ...] = ()
    today: date = field(default_factory=utc_today)

    def of(self, clause: str) -> tuple[Waiver, ...]:
        """The entries of a clause that still hold."""
        return tuple(each for each in self.entries if each.clause == clause and self.holds(each))

    def covering(self, clause: str, request: str, actual: str) -> tuple[Waiver, ...]:
        """The entries that waive a deviation, none for one that is not waived."""
        return tuple(each for each in self.of(clause) if each.covers(request, actual))

    def holds(self, waiver: Waiver) -> bool:
        """Whether a waiver is not past its date, which is its last day."""
        return waiver.expires >= self.today


def load(path: str | None, contract: Contract, today: date | None = None) -> Waivers:
    """Load and check a file of waivers; without a path there are none.

    Raises:
        OptionError: it cannot be read, or an entry is wrong; the message gives file and line.
    """
    day = today or utc_today()
    if path is None:
        return Waivers(today=day)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise OptionError(
            f"--waivers: {path!r} cannot be read ({error.strerror}); "
            "`virtool-contract verify --write-waivers` drafts one"
        ) from None
    except UnicodeDecodeError as error:
        raise OptionError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    return Waivers(entries=tuple(_entries(path, _root(path, text), contract)), today=day)


def _root(path: str, text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise OptionError(f"{path}:{line}: not YAML: {error.problem}; {EXAMPLE}") from None
    except RecursionError:
        raise OptionError(f"{path}: nested too deeply; {EXAMPLE}") from None
    except (yaml.YAMLError, ValueError) as error:
        problem = " ".join(str(error).split())
        raise OptionError(f"{path}: not YAML: {problem}; {EXAMPLE}") from None


EXAMPLE = "try a list of `- clause: finalize.once`, each with `reason` and `expires` under it"


def _entries(path: str, root: yaml.Node | None, contract: Contract) -> Iterator[Waiver]:
    if root is None:
        return
    if not isinstance(root, yaml.SequenceNode):
        raise OptionError(f"{path}:{root.start_mark.line + 1}: not a list; {EXAMPLE}")
    seen: dict[tuple[str, str], Waiver] = {}
    for node in root.value:
        waiver = _Entry(path, node).waiver(contract)
        other = seen.setdefault((waiver.clause, waiver.observed), waiver)
        if other is not waiver:
            raise OptionError(
                f"{waiver.place}: says the same as {other.place}, clause and `observed` being "
                "equal; delete one of them"
            )
        yield waiver


class _Entry:
    """One entry in the making; every problem is told with its line."""

    def __init__(self, path: str, node: yaml.Node) -> None:
        self.path = path
        self.node = node
        self.last = node.start_mark.line + 1
        self.texts: dict[str, str] = {}
        self.lines: dict[str, int] = {}

    def wrong(self, problem: str, key: str = "") -> OptionError:
        line = self.lines.get(key, self.node.start_mark.line + 1)
        return OptionError(f"{self.path}:{line}: {problem}")

    def waiver(self, contract: Contract) -> Waiver:
        self.read()
        missing = next((key for key in REQUIRED if key not in self.texts), None)
        if missing:
            raise self.wrong(f"`{missing}` is missing; an entry needs {', '.join(REQUIRED)}")
        clause = self.texts["clause"]
        if clause not in contract.clauses:
            raise self.wrong(
                f"there is no clause {clause!r}; {_similar(clause, contract)}", "clause"
            )
        return Waiver(
            clause=clause,
            reason=self.texts["reason"],
            expires=self.expires(),
            issue=self.texts.get("issue", ""),
            owner=self.texts.get("owner", ""),
            observed=self.texts.get("observed", ""),
            effort=self.effort(),
            intermittent=self.intermittent(),
            file=self.path,
            first=self.node.start_mark.line + 1,
            last=self.last,
        )

    def read(self) -> None:
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong(f"not an entry; {EXAMPLE}")
        for key, value in self.node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            repeated = name in self.lines
            self.lines[name] = key.start_mark.line + 1
            if name not in KEYS:
                raise self.wrong(f"{name!r} is no key of a waiver; try {', '.join(KEYS)}", name)
            if repeated:
                raise self.wrong(f"`{name}` is there twice; delete one", name)
            if not isinstance(value, yaml.ScalarNode) or not _text(value):
                raise self.wrong(f"`{name}` is not a text; {SAMPLES[name]}", name)
            self.texts[name] = _text(value)
            self.last = max(self.last, _last_line(value))

    def expires(self) -> date:
        text = self.texts["expires"]
        try:
            return date.fromisoformat(text)
        except ValueError:
            problem = f"`expires` is {text!r}, which is not a date; {SAMPLES['expires']}"
            raise self.wrong(problem, "expires") from None

    def effort(self) -> str:
        text = self.texts.get("effort", EFFORTS[0])
        if text not in EFFORTS:
            problem = f"`effort` is {text!r}, which is no effort; try {' or '.join(EFFORTS)}"
            raise self.wrong(problem, "effort")
        return text

    def intermittent(self) -> bool:
        text = self.texts.get("intermittent", "false")
        if text.lower() not in TRUE | FALSE:
            problem = f"`intermittent` is {text!r}, neither yes nor no; {SAMPLES['intermittent']}"
            raise self.wrong(problem, "intermittent")
        return text.lower() in TRUE


SAMPLES: Mapping[str, str] = {
    "clause": "try finalize.once",
    "reason": "say why the deviation may stay for now",
    "expires": "try 2026-12-31",
    "issue": "try https://example.org/issues/12",
    "owner": "try your name",
    "observed": "try '200 *', or leave it out to waive whatever the target does",
    "effort": f"try {' or '.join(EFFORTS)}",
    "intermittent": "try true",
}


def _text(node: yaml.ScalarNode) -> str:
    """A value as it is written: a status or a date is as good a text as any; null is none."""
    text = "" if node.tag == "tag:yaml.org,2002:null" else str(node.value)
    return text if text.strip() else ""


def _last_line(node: yaml.ScalarNode) -> int:
    """The last line that a value takes; the mark behind a block scalar is on the next line."""
    mark = node.end_mark
    return mark.line + 1 if mark.column else mark.line


def _similar(clause: str, contract: Contract) -> str:
    chapter = clause.partition(".")[0]
    names = [each for each in contract.clauses if each.partition(".")[0] == chapter]
    return f"try {', '.join(names or contract.clauses)}"
