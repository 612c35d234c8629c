"""The options of a run, declared once for both fronts: command line, environment, then file."""

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from virtool_contract.json_values import Json
from virtool_contract.option_values import (
    EFFORTS,
    api_root,
    base_url,
    body_fields,
    command,
    count,
    effort,
    example_database,
    flag,
    path,
    positive_seconds,
    seconds,
    url,
    whole,
)

PROVIDERS = ("state-change-url", "state-change-command", "state-file")
"""The options of which one is needed for a target of one's own."""
OF_THE_TARGET = (
    "base-url",
    *PROVIDERS,
    "max-subjects",
    "api-root",
    "extra-body-fields",
    "request-timeout",
    "wait-for-server",
    "spec",
)
"""The options that `verify` and `replay` share."""
OF_TRAFFIC = (
    "base-url",
    "api-root",
    "extra-body-fields",
    "strict",
    "report-dir",
    "spec",
    "waivers",
    "baseline",
)
"""The options that `validate` has."""
DOCUMENTED_ROOT = "/api"
WAIVERS = "waivers.yaml"
REPORT_FILES = ("report.json", "report.html", "junit.xml", "report.sarif")
"""What is written into --report-dir when a run ends; `reports.files` makes them."""
TRAFFIC_FILE = "traffic.har"
"""And what was sent and came back meanwhile; `traffic` makes it."""


class OptionError(ValueError):
    """An option has a value that does not work; the message names it and says what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option: how it is named, read, explained, and what it is when nobody sets it."""

    name: str
    help: str
    metavar: str = ""
    default: Any = None
    read: Callable[[str], Any]
    pytest_name: str = ""

    @property
    def key(self) -> str:
        """The name as an attribute."""
        return self.name.replace("-", "_")

    @property
    def in_pytest(self) -> str:
        """The name under pytest, where another tool may have taken the plain one."""
        return self.pytest_name or self.name

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"VIRTOOL_CONTRACT_{self.key.upper()}"

    def write(self, value: object) -> str:
        """A value as it would stand on the command line."""
        return json.dumps(value) if isinstance(value, dict) else str(value)

    @property
    def is_of_the_target(self) -> bool:
        """Whether it says what to talk to, and how; the others say what to do there."""
        return self.name in OF_THE_TARGET

    @property
    def is_of_traffic(self) -> bool:
        """Whether it says how to judge what somebody else has sent."""
        return self.name in OF_TRAFFIC

    @property
    def is_flag(self) -> bool:
        """Whether the option takes no value on the command line."""
        return self.read is flag

    def parse(self, text: str, where: str) -> Any:  # noqa: ANN401 - options have many types
        """Read a value that stands somewhere.

        Raises:
            OptionError: it does not work.
        """
        try:
            return self.read(text)
        except ValueError as error:
            shown = re.sub("//[^/]*@", "//***@", text)
            raise OptionError(f"{where}: {shown!r} {error}") from None


OPTIONS = (
    Option(
        name="base-url",
        metavar="URL",
        read=base_url,
        help="the target: scheme, host and port (default: the embedded reference server)",
    ),
    Option(
        name="state-change-url",
        metavar="URL",
        read=url,
        help="where provider states are set up, by POST (one of these is needed with --base-url)",
    ),
    Option(
        name="state-change-command",
        metavar="CMD",
        read=command,
        help="a process that sets provider states up, one JSON line each way",
    ),
    Option(
        name="state-file",
        metavar="FILE",
        read=path,
        help="JSON lines of analyses that were set up beforehand, each used once",
    ),
    Option(
        name="max-subjects",
        metavar="N",
        read=count,
        help="ask for so many analyses at most, and use them sparingly (about 300 do for quick)",
    ),
    Option(
        name="api-root",
        metavar="PATH",
        default=DOCUMENTED_ROOT,
        read=api_root,
        help="what stands before /analyses on the target (default: /api)",
    ),
    Option(
        name="extra-body-fields",
        metavar="JSON",
        read=body_fields,
        help="members that the target wants in every finalize body; the report says so",
    ),
    Option(
        name="effort",
        metavar="|".join(EFFORTS),
        default="standard",
        read=effort,
        help=(
            "quick: the promises; standard (default): stories and generated requests too; "
            "thorough: those with ten seeds"
        ),
    ),
    Option(
        name="seed",
        metavar="N",
        default=0,
        read=whole,
        help="the same seed sends the same requests (default: 0)",
    ),
    Option(
        name="example-database",
        metavar="FOLDER|URL",
        read=example_database,
        help="where searches keep what broke a clause, and try it first: a folder, or redis://…",
    ),
    Option(
        name="strict",
        pytest_name="contract-strict",  # --strict is pytest's own
        default=False,
        read=flag,
        help="let broken clauses of level `should` count as well",
    ),
    Option(
        name="request-timeout",
        metavar="SECONDS",
        default=10.0,
        read=positive_seconds,
        help="how long the target may be silent (default: 10)",
    ),
    Option(
        name="wait-for-server",
        metavar="SECONDS",
        default=0.0,
        read=seconds,
        help="how long the target may take to come up (default: 0)",
    ),
    Option(
        name="report-dir",
        metavar="DIR",
        read=path,
        help=f"write {', '.join(REPORT_FILES)}, {TRAFFIC_FILE} and writes.jsonl there",
    ),
    Option(
        name="spec",
        metavar="FILE",
        read=path,
        help="another contract than the one that comes with the suite",
    ),
    Option(
        name="waivers",
        metavar="FILE",
        read=path,
        help=f"known deviations that do not fail the run (default: {WAIVERS}, where there is one)",
    ),
    Option(
        name="baseline",
        metavar="FILE",
        read=path,
        help="the report.json of an earlier run: fail only on clauses that it did not see broken",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run goes by, after command line, environment and file."""

    base_url: str | None
    state_change_url: str | None
    state_change_command: str | None
    state_file: str | None
    max_subjects: int | None
    api_root: str
    extra_body_fields: Mapping[str, Json] | None
    effort: str
    seed: int
    example_database: str | None
    strict: bool
    request_timeout: float
    wait_for_server: float
    report_dir: str | None
    spec: str | None
    waivers: str | None
    baseline: str | None


def resolve(
    given: Mapping[str, str | bool | None],
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Settings:
    """Find the value of each option; `given` has what the command line said, None for nothing.

    Raises:
        OptionError: a value does not work, or two options do not go together.
    """
    filed = _from_file((folder or Path.cwd()) / "pyproject.toml")
    values: dict[str, Any] = {}
    for option in OPTIONS:
        said = given.get(option.key)
        if said is not None and said is not False:
            text = "1" if said is True else str(said)
            values[option.key] = option.parse(text, f"--{option.name}")
        elif option.variable in environment:
            values[option.key] = option.parse(environment[option.variable], option.variable)
        elif option.name in filed:
            where = f"pyproject.toml, [tool.virtool-contract], {option.name}"
            values[option.key] = option.parse(_as_text(filed[option.name]), where)
        else:
            values[option.key] = option.default
    values["waivers"] = values["waivers"] or _waivers_in(folder)
    settings = Settings(**values)
    _check_together(settings)
    return settings


def _waivers_in(folder: Path | None) -> str | None:
    """The file of waivers that a run finds by itself, named as seen from the working folder."""
    file = (folder or Path.cwd()) / WAIVERS
    if not file.is_file():
        return None
    return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)


def _check_together(settings: Settings) -> None:
    # A --base-url without a provider is complained about once the target was reached: one
    # that is not there at all is the better reason (run.py).
    given = [name for name in PROVIDERS if getattr(settings, name.replace("-", "_"))]
    if len(given) > 1:
        raise OptionError(f"--{given[0]} and --{given[1]}: give one of them, not both")
    if given and not settings.base_url:
        raise OptionError(
            f"--{given[0]}: needs --base-url too, the target that the states are set up in; "
            "try --base-url http://localhost:9950"
        )


def _from_file(file: Path) -> Mapping[str, Any]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise OptionError(f"{file.name}: cannot be read: {error}") from None
    tool = table.get("tool", {})
    section = tool.get("virtool-contract", {}) if isinstance(tool, dict) else {}
    if not isinstance(section, dict):
        raise OptionError(
            f"{file.name}, virtool-contract: is not a table; try [tool.virtool-contract]"
        )
    known = {option.name for option in OPTIONS}
    for name in section:
        if name not in known:
            names = ", ".join(sorted(known))
            raise OptionError(
                f"{file.name}, [tool.virtool-contract], {name}: no option; try {names}"
            )
    return dict(section)


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return json.dumps(value, default=str) if isinstance(value, dict) else str(value)
