"""The command line: what it offers, and what it says of what it does not."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from virtool_contract import __version__
from virtool_contract.cli import build_parser, main
from virtool_contract.options import OPTIONS

if TYPE_CHECKING:
    from tests.conftest import Cli

COMMANDS = ("verify", "serve", "clauses", "check-docs")


def usage(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(words)
    code = ended.value.code
    assert isinstance(code, int)
    return code


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert usage("--version") == 0
    assert capsys.readouterr().out == f"virtool-contract {__version__}\n"


def test_help_names_every_command_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert usage("--help") == 0
    said = capsys.readouterr().out
    assert all(command in said for command in COMMANDS)
    assert re.search(r"0 conforms, 1 violates, 2 usage.*3 could\s+not test", said, re.DOTALL)


def test_help_of_verify_names_every_option_and_variable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert usage("verify", "--help") == 0
    said = capsys.readouterr().out
    for option in OPTIONS:
        assert f"--{option.name}" in said
        assert option.variable in said
    assert "--dry-run" in said
    assert "-k EXPRESSION" in said
    assert "-n N" in said


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "COMMAND"),
        (("verfy",), "verfy"),
        (("verify", "--bogus"), "--bogus"),
        (("verify", "--seed"), "--seed"),
        (("verify", "--eff", "quick"), "--eff"),
        (("verify", "extra"), "extra"),
        (("serve", "--bogus"), "--bogus"),
        (("check-docs",), "PAGE.md"),
    ],
)
def test_a_wrong_command_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], part: str
) -> None:
    assert usage(*words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert part in said.err.splitlines()[-1]
    assert "error:" in said.err.splitlines()[-1]


def test_flags_take_no_value_and_others_do() -> None:
    chosen = build_parser().parse_args(["verify", "--strict", "--seed", "5", "-k", "a or b"])
    assert (chosen.strict, chosen.seed, chosen.k, chosen.dry_run) == (True, "5", "a or b", False)


def test_the_module_runs_as_a_program(cli: Cli) -> None:
    done = cli("--version")
    assert (done.returncode, done.stdout) == (0, f"virtool-contract {__version__}\n")
    assert cli().returncode == 2


@pytest.mark.parametrize("number", ["-1", "65", "two", "", "1.5"])
def test_what_is_no_number_of_processes(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert usage("verify", f"-n={number}") == 2
    assert "is no number of processes from 0 to 64; try auto" in capsys.readouterr().err


def test_a_package_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "virtool_contract.verify", None)
    assert main(["verify"]) == 3
    assert capsys.readouterr().err == (
        "virtool-contract: the module 'virtool_contract.verify' cannot be imported (not there); "
        "install virtool-contract again\n"
    )


def test_a_failure_of_our_own_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_words: object, **_options: object) -> int:
        raise LookupError("lost")

    monkeypatch.setattr("virtool_contract.verify.verify", fail)
    assert main(["verify"]) == 3
    said = capsys.readouterr().err
    assert said.startswith("virtool-contract: failed by itself (LookupError at test_cli.py:")
    assert said.endswith("); please report this\n")
