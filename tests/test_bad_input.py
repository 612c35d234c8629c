"""Whatever is wrong on the way in is said in one line, with exit code 2 or 3, and no traceback."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from virtool_contract.cli import main
from virtool_contract.loading import bundled
from virtool_contract.options import OPTIONS
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Reply

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Answer, Cli, Seen, Stub
    from virtool_contract.contract import Contract

    Stubbing: TypeAlias = Callable[[Callable[[Seen], Answer]], Stub]
    Served: TypeAlias = Callable[[Service], str]

KEY = "hunter2-the-key"
STATE = {"analysis_id": "a1", "job_id": "j1", "job_key": KEY}


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and none of the developer's settings."""
    monkeypatch.chdir(tmp_path)
    for option in OPTIONS:
        monkeypatch.delenv(option.variable, raising=False)
    return tmp_path


def only_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("virtool-contract: ")
    return line


def complaint(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line that a command ended with."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert KEY not in done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


VALUES = [
    ("base-url", "localhost:9950", "try http://localhost:9950"),
    ("base-url", "127.0.0.1", "http or https"),
    ("base-url", "ftp://localhost", "http or https"),
    ("base-url", "http://", "with a host"),
    ("base-url", "http://localhost:port", "is not a URL"),
    ("base-url", "http://localhost:99999", "is not a URL"),
    ("base-url", "http://[::1", "is not a URL"),
    ("base-url", "http://localhost/api", "try http://localhost with --api-root"),
    ("base-url", "http://localhost:9950?x=1", "--api-root"),
    ("base-url", f"http://job:{KEY}@localhost", "credentials"),
    ("base-url", "", "try http://localhost:9950"),
    ("state-change-url", "/provider-states", "http or https"),
    ("api-root", "api", "try /api"),
    ("api-root", "/a?b", "try /api"),
    ("effort", "huge", "try quick or standard"),
    ("effort", "", "try quick or standard"),
    ("effort", "Quick", "try quick or standard"),
    ("seed", "-1", "try 0"),
    ("seed", "1.5", "try 0"),
    ("seed", "one", "try 0"),
    ("seed", "\u0661", "try 0"),
    ("seed", "9" * 400, "try 0"),
    ("request-timeout", "0", "try 10"),
    ("request-timeout", "-3", "try 10"),
    ("request-timeout", "nan", "try 10"),
    ("request-timeout", "inf", "try 10"),
    ("wait-for-server", "soon", "try 10"),
    ("wait-for-server", "4000", "try 10"),
    ("report-dir", "", "is no path"),
    ("spec", "", "is no path"),
    ("waivers", "", "is no path"),
]


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(("name", "value", "hint"), VALUES)
def test_a_wrong_value_on_the_command_line(
    capsys: pytest.CaptureFixture[str], name: str, value: str, hint: str
) -> None:
    assert main(["verify", f"--{name}={value}"]) == 2
    line = only_line(capsys)
    assert f"--{name}: " in line
    assert hint in line
    assert KEY not in line


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(("name", "value", "hint"), VALUES)
def test_a_wrong_value_in_the_environment(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    hint: str,
) -> None:
    variable = f"VIRTOOL_CONTRACT_{name.upper().replace('-', '_')}"
    monkeypatch.setenv(variable, value)
    assert main(["verify"]) == 2
    line = only_line(capsys)
    assert f"{variable}: " in line
    assert hint in line
    assert KEY not in line


FILED = [
    ('seed = "x"', "seed", "try 0"),
    ("seed = 1.5", "seed", "try 0"),
    ("seed = [1]", "seed", "try 0"),
    ('effort = "huge"', "effort", "try quick or standard"),
    ('strict = "perhaps"', "strict", "try 1 or 0"),
    ('base_url = "http://localhost"', "base_url", "base-url"),
    ('report-dir = ""', "report-dir", "is no path"),
    ("sed = 1", "sed", "seed"),
]


@pytest.mark.parametrize(("entry", "name", "hint"), FILED)
def test_a_wrong_entry_in_the_file(
    nowhere: Path, capsys: pytest.CaptureFixture[str], entry: str, name: str, hint: str
) -> None:
    (nowhere / "pyproject.toml").write_text(f"[tool.virtool-contract]\n{entry}\n")
    assert main(["verify"]) == 2
    line = only_line(capsys)
    assert f"pyproject.toml, [tool.virtool-contract], {name}" in line
    assert hint in line


@pytest.mark.parametrize(
    "content",
    [b"[tool", b"\xff\xfe", b'[tool]\nvirtool-contract = "strict"'],
    ids=["cut", "not UTF-8", "no table"],
)
def test_a_file_that_is_none(
    nowhere: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (nowhere / "pyproject.toml").write_bytes(content)
    assert main(["verify"]) == 2
    assert "pyproject.toml" in only_line(capsys)


@pytest.mark.usefixtures("nowhere")
def test_a_provider_without_a_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--state-change-url", "http://localhost:9950/provider-states"]) == 2
    line = only_line(capsys)
    assert "--state-change-url: needs --base-url" in line
    assert "try --base-url" in line


SPECS: dict[str, tuple[Callable[[str], str], tuple[str, ...]]] = {
    "not YAML": (lambda text: text.replace("paths:", "paths: [", 1), ("line ", "not YAML")),
    "no paths": (lambda text: text.replace("\npaths:", "\npathz:", 1), ("line ", "path")),
    "no such level": (
        lambda text: text.replace("level: must", "level: maybe", 1),
        ("line ", "level", "maybe"),
    ),
    "a dead reference": (
        lambda text: text.replace("schemas/Document", "schemas/Nothing", 1),
        ("line ", "$ref", "points at nothing"),
    ),
    "a repeated id": (
        lambda text: text.replace("id: get.identity", "id: get.document", 1),
        ("line ", "get.document"),
    ),
    "empty": (lambda _: "", ("line 1",)),
    "a list": (lambda _: "- 1\n", ("line 1",)),
}


@pytest.mark.parametrize(("spoil", "parts"), SPECS.values(), ids=SPECS)
def test_a_contract_that_is_wrong(
    nowhere: Path,
    capsys: pytest.CaptureFixture[str],
    contract: Contract,
    spoil: Callable[[str], str],
    parts: tuple[str, ...],
) -> None:
    with open(contract.origin or bundled(), encoding="utf-8") as file:  # noqa: PTH123 - a str
        text = file.read()
    spoiled = spoil(text)
    assert spoiled != text
    (nowhere / "wrong.yaml").write_text(spoiled, encoding="utf-8")
    assert main(["verify", "--spec", "wrong.yaml"]) == 2
    line = only_line(capsys)
    assert line.startswith("virtool-contract: wrong.yaml, line ")
    assert all(part in line for part in parts), line


@pytest.mark.parametrize(
    ("name", "part"), [("none.yaml", "cannot be read"), (".", "cannot be read")]
)
@pytest.mark.usefixtures("nowhere")
def test_a_contract_that_cannot_be_read(
    capsys: pytest.CaptureFixture[str], name: str, part: str
) -> None:
    assert main(["verify", "--spec", name]) == 2
    assert part in only_line(capsys)


WAIVER = "- clause: finalize.once\n  reason: known\n  expires: 2030-01-01\n"


@pytest.mark.parametrize("drafting", [(), ("--write-waivers",)], ids=["verify", "draft"])
@pytest.mark.parametrize(
    ("text", "part"),
    [
        (WAIVER + "  until: never\n", "waivers.yaml:4: 'until' is no key of a waiver; try "),
        (WAIVER.replace("once", "twice"), "waivers.yaml:1: there is no clause 'finalize.twice'; "),
        ("nothing: known\n", "waivers.yaml:1: not a list; try "),
    ],
)
def test_waivers_that_are_wrong(
    capsys: pytest.CaptureFixture[str],
    nowhere: Path,
    text: str,
    part: str,
    drafting: tuple[str, ...],
) -> None:
    (nowhere / "waivers.yaml").write_text(text)
    assert main(["verify", "--base-url", "http://127.0.0.1:9", *drafting]) == 2
    assert part in only_line(capsys)


@pytest.mark.usefixtures("nowhere")
def test_waivers_that_are_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--waivers", "known.yaml"]) == 2
    line = only_line(capsys)
    assert "--waivers: 'known.yaml' cannot be read (No such file or directory)" in line
    assert "--write-waivers" in line


@pytest.mark.usefixtures("nowhere")
def test_drafts_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--waivers", "none/known.yaml", "--write-waivers"]) == 2
    assert "'none/known.yaml' cannot be written; try ./waivers.yaml" in only_line(capsys)


@pytest.mark.parametrize("expression", ["nosuchclause", "finalize.once and remove.gone"])
def test_a_selection_of_nothing(cli: Cli, expression: str) -> None:
    line = complaint(cli("verify", "-k", expression), 2)
    assert f"-k {expression!r} selects no clause; try one that" in line


def test_a_selection_of_what_only_more_effort_tries(cli: Cli) -> None:
    line = complaint(cli("verify", "-k", "finalize.atomic", "--effort", "quick"), 2)
    assert "-k 'finalize.atomic' selects no clause that --effort quick tries" in line
    assert line.endswith("from --effort standard on")


@pytest.mark.parametrize("expression", ["(", "and", "a or", "not", "a b"])
def test_a_selection_that_is_no_expression(cli: Cli, expression: str) -> None:
    line = complaint(cli("verify", "-k", expression, "--effort", "quick"), 2)
    assert "-k" in line
    assert expression in line


UNREACHABLE = "could not test: the target at http://127.0.0.1:9 (--base-url) cannot be reached: "


@pytest.mark.parametrize(
    "words", [(), ("--state-change-url", "http://127.0.0.1:9/x"), ("--effort", "quick")]
)
def test_a_target_that_is_not_there(cli: Cli, words: tuple[str, ...]) -> None:
    line = complaint(cli("verify", "--base-url", "http://127.0.0.1:9", *words), 3)
    assert line == f"{UNREACHABLE}Connection refused"


def test_a_host_that_has_no_address(cli: Cli) -> None:
    line = complaint(cli("verify", "--base-url", "http://host.invalid"), 3)
    assert "http://host.invalid (--base-url) cannot be reached" in line


def test_a_target_that_is_there_without_its_provider(cli: Cli, served: Served) -> None:
    reference = Service()
    line = complaint(cli("verify", "--base-url", served(reference)), 2)
    assert (
        "--base-url: needs --state-change-url, --state-change-command or --state-file too" in line
    )
    assert "try --state-change-url" in line
    assert reference.store.jobs == {}


def test_a_server_that_does_not_speak_http(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        words = ("--state-change-url", f"{url}/x", "--request-timeout", "0.3")
        line = complaint(cli("verify", "--base-url", url, *words), 3)
    assert "timed out" in line


@pytest.mark.parametrize("folder", ["/proc/nowhere", "occupied", "occupied/below"])
def test_a_folder_that_cannot_be_written(
    cli: Cli, stub: Stubbing, tmp_path: Path, folder: str
) -> None:
    (tmp_path / "occupied").write_text("")
    server = stub(lambda _: (401, {}))
    words = ("--base-url", server.url, "--state-change-url", f"{server.url}/x")
    line = complaint(cli("verify", *words, "--report-dir", folder, cwd=tmp_path), 2)
    assert "--report-dir: " in line
    assert folder in line
    assert server.seen == []


HTML: Answer = (200, b"<html>It works!</html>")
PROVIDERS: dict[str, tuple[Answer, str]] = {
    "HTML": (HTML, "is --state-change-url right?"),
    "an error": ((500, {"error": "no database"}), '"no database"'),
    "a list": ((200, [STATE]), "expected a JSON object"),
    "no id": ((200, {"job_id": "j1", "job_key": KEY}), "no `analysis_id`"),
    "no key": ((200, {"analysis_id": "a1", "job_id": "j1"}), "lacks credentials"),
    "an unknown state": ((404, {"error": "unknown state"}), "does not know the state"),
    "a header that cannot be sent": (
        (200, {"analysis_id": "a1", "headers": {"X-Key": f"{KEY}\nX: y"}}),
        "wrong `headers`",
    ),
}


@pytest.mark.parametrize(("answer", "part"), PROVIDERS.values(), ids=PROVIDERS)
def test_a_provider_that_answers_wrongly(
    cli: Cli, stub: Stubbing, answer: Answer, part: str
) -> None:
    server = stub(lambda seen: answer if seen.method == "POST" else (401, {"message": "who?"}))
    words = ("--base-url", server.url, "--state-change-url", f"{server.url}/states")
    line = complaint(cli("verify", *words), 3)
    assert line.startswith("could not test: the provider")
    assert part in line
    assert {seen.method for seen in server.seen} == {"GET", "POST"}


class HandsOutFinalized(Service):
    @override
    def change_state(self, body: bytes) -> Reply:
        reply = super().change_state(body)
        for analysis in list(self.store.analyses.values()):
            self.store.put(self.finalized(analysis, {"results": {}}))
        return reply


class HandsOutOne(Service):
    """Hands out the same analysis again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.first: Reply | None = None

    @override
    def change_state(self, body: bytes) -> Reply:
        if json.loads(body)["action"] == "teardown":
            return Reply(status=200, content={})
        self.first = self.first or super().change_state(body)
        return self.first


class RefusesOwners(Service):
    @override
    async def handle(self, call: Call) -> Reply:
        return self.absent(call)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (HandsOutFinalized, "not pending: its `ready` is true"),
        (HandsOutOne, "twice"),
        (RefusesOwners, "--api-root"),
    ],
)
def test_a_target_that_is_set_up_wrongly(
    cli: Cli, served: Served, make: type[Service], part: str
) -> None:
    reference = make()
    url = served(reference)
    words = ("--base-url", url, "--state-change-url", f"{url}/provider-states")
    line = complaint(cli("verify", *words), 3)
    assert line.startswith("could not test: ")
    assert part in line
    assert all(job.key not in line for job in reference.store.jobs.values())


@pytest.mark.parametrize("name", ["none.md", "."])
@pytest.mark.usefixtures("nowhere")
def test_a_page_that_cannot_be_read(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["check-docs", name]) == 2
    assert "cannot be read" in only_line(capsys)
