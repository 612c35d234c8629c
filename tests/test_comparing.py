"""`compare` and `--baseline`, by runs against the reference with faults."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from virtool_contract.reference.service import Service
from virtool_contract.serve import service

Cli = Callable[..., subprocess.CompletedProcess[str]]
Served = Callable[[Service], str]
Recorded = Callable[..., str]

ONLY = ("-k", "remove.no-content or get.document or finalize.once")
A, B, C = "remove-is-200", "created-at-missing", "third-finalize-accepted"


def at(url: str) -> tuple[str, ...]:
    return ("--base-url", url, "--state-change-url", f"{url}/provider-states")


@pytest.fixture
def recorded(cli: Cli, served: Served, tmp_path: Path) -> Recorded:
    """Verifies a server with faults; gives its report."""

    def verify(*faults: str) -> str:
        folder = tmp_path / "-".join(("of", *faults))
        done = cli("verify", *at(served(service(faults, ()))), "--report-dir", str(folder), *ONLY)
        assert done.returncode == bool(faults), done.stdout
        return str(folder / "report.json")

    return verify


def test_a_comparison_says_what_is_fixed_new_and_still_broken(cli: Cli, recorded: Recorded) -> None:
    before, after = recorded(A, B), recorded(B, C)
    done = cli("compare", before, after)
    assert done.returncode == 1
    said = done.stdout
    assert said.index("Newly broken (1):\n  finalize.once") < said.index("Still broken (2):")
    assert "  get.document (must)" in said
    fixed = said.partition("\nFixed (2):\n")[2].partition("\n\n")[0]
    assert "  documented-status (must)" in fixed
    assert "  remove.no-content (must)" in fixed
    counts = "1 newly broken, 2 still broken, 2 fixed"
    assert said.splitlines()[-1].startswith(f"since {before}: {counts}")

    back = cli("compare", after, after, "--format", "markdown")
    assert back.returncode == 0
    assert back.stdout.startswith("**nothing newly broken")
    assert back.stdout.count("| must | still broken |") == 3


def test_a_baseline_excuses_what_it_saw_and_nothing_else(
    cli: Cli, recorded: Recorded, served: Served
) -> None:
    known = recorded(B)
    same = cli("verify", *at(served(service([B], ()))), "--baseline", known, *ONLY)
    assert same.returncode == 0, same.stdout
    assert "violates: 2 broken" in same.stdout, "the verdict itself is not softened"
    assert "nothing newly broken" in same.stdout.splitlines()[-1]

    more = cli("verify", *at(served(service([B, C], ()))), "--baseline", known, *ONLY)
    assert more.returncode == 1
    assert "Newly broken (1):\n  finalize.once" in more.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare", "{none}", "{none}"), "cannot be read"),
        (("compare", "{text}", "{text}"), "not JSON"),
        (("replay", "{text}", "finalize.once"), "not JSON"),
        (("verify", "--baseline", "{none}"), "cannot be read"),
        (("merge", "{text}"), "not JSON"),
    ],
)
def test_what_is_no_report_is_a_usage_error(
    cli: Cli, tmp_path: Path, words: Sequence[str], said: str
) -> None:
    text = tmp_path / "text.json"
    text.write_text("no report")
    places = {"none": str(tmp_path / "none.json"), "text": str(text)}
    done = cli(*(word.format(**places) for word in words))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
