"""The documents say what is true: each command of the README runs, each option is explained."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import bash
from virtool_contract.contract import Contract
from virtool_contract.options import OPTIONS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
COMMANDS = [line[2:] for block in BLOCKS for line in block.splitlines() if line.startswith("$ ")]
MAIN, TESTS = COMMANDS[:2]
SERVERS = [command.removesuffix(" &") for command in COMMANDS if command.endswith("&")]
CLIENTS = [command for command in COMMANDS[2:] if not command.endswith("&")]

EXIT_CODES = {"-k finalize.once": 1}
"""README commands that do not end with 0, by what tells them from the others."""

PAGE = """---
title: "Analyses"
---

# Get
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def environment() -> dict[str, str]:
    """The command's folder first on the path, as in an activated virtual environment."""
    hidden = ("PYTEST", "VIRTOOL_CONTRACT", "TOX", "COVERAGE")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return bare | {"PATH": f"{Path(sys.executable).parent}:{bare['PATH']}", "COLUMNS": "80"}


def run(command: str) -> subprocess.CompletedProcess[str]:
    return bash(command, environment(), ROOT)


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, str]]:
    """The README's servers, each on a free port in place of the one it names."""
    replaced: dict[str, str] = {}
    processes = []
    for command in SERVERS:
        named = re.search(r"--port (\d+)", command)
        assert named, command
        replaced[named[1]] = str(free_port())
        process = subprocess.Popen(
            ["bash", "-c", "exec " + command.replace(named[1], replaced[named[1]])],
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        assert replaced[named[1]] in process.stdout.readline()
        processes.append(process)
    yield replaced
    for process in processes:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where tox keeps its environments: not those of the tox that may be running this."""
    return tmp_path_factory.mktemp("tox")


@pytest.mark.parametrize("command", CLIENTS)
def test_a_command_of_the_readme_runs(
    command: str, ports: dict[str, str], work: Path, tmp_path: Path
) -> None:
    for named, free in ports.items():
        command = command.replace(named, free)
    if "PAGE.md" in command:
        page = tmp_path / "PAGE.md"
        page.write_text(PAGE)
        done = run(command.replace("PAGE.md", str(page)))
        assert done.returncode in {1, 2}, "a page with one heading is not the contract's"
        assert done.stdout or done.stderr
        return
    done = run(isolated(command, work))
    expected = next((code for text, code in EXIT_CODES.items() if text in command), 0)
    assert done.returncode == expected, done.stdout + done.stderr


def isolated(command: str, work: Path) -> str:
    """A command whose tox, if it calls that, works in a folder of its own."""
    return command.replace("tox -e", f"tox --workdir {work} -e")


def test_the_main_command_prints_what_the_readme_shows(work: Path) -> None:
    done = run(isolated(MAIN, work))
    assert done.returncode == 0, done.stdout + done.stderr
    shown = BLOCKS[0].splitlines()[1:]
    printed = [masked(line) for line in done.stdout.splitlines()]
    for line in shown:
        if line and line != "...":
            assert masked(line) in printed


def masked(line: str) -> str:
    """A line of output with its numbers of requests and seconds left out, for they vary."""
    return re.sub(r" +", " ", re.sub(r"\d+(\.\d+)? (requests|s)\b|\d+$", "N", line))


def test_ci_calls_the_test_command_of_the_readme() -> None:
    assert f"\n{TESTS}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_is_in_the_readme_and_in_the_help(option: object) -> None:
    name = f"--{getattr(option, 'name', '')}"
    assert f"`{name}" in README
    helped = run("virtool-contract verify --help").stdout
    assert name in helped
    assert getattr(option, "variable", "?") in helped


def test_every_decision_that_the_contract_cites_is_written_down(contract: Contract) -> None:
    decisions = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    cited = {
        slug
        for clause in contract.clauses.values()
        for slug in re.findall(r"decision ([a-z-]+)", clause.source)
    }
    assert cited
    assert [slug for slug in sorted(cited) if f"### {slug}\n" not in decisions] == []


def test_the_architecture_names_every_module() -> None:
    architecture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    modules = {path.stem for path in (ROOT / "src" / "virtool_contract").glob("*.py")}
    named = set(re.findall(r"`(\w+)/?`", architecture))
    assert modules - named - {"__init__", "__main__"} == set()
