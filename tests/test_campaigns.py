"""Searches are done in parts, each with a seed of its own, and ten times in a thorough run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tests.commands import bare_environment
from virtool_contract.options import OPTIONS

if TYPE_CHECKING:
    from tests.conftest import Cli

ROOT = Path(__file__).parents[1]


def collected(cli: Cli, effort: str) -> list[str]:
    done = cli("verify", "--dry-run", "--effort", effort)
    assert done.returncode == 0, done.stderr
    return [line.split()[0] if "part" not in line else line for line in done.stdout.splitlines()]


def test_thorough_splits_searches_and_races_and_nothing_else(cli: Cli) -> None:
    standard, thorough = collected(cli, "standard"), collected(cli, "thorough")
    promises = [line for line in thorough if "part" not in line]
    assert set(promises) < set(standard)
    searches = [line for line in standard if line not in promises]
    assert len(thorough) - len(promises) == 10 * len(searches)
    for lines, parts in (standard, 4), (thorough, 40):
        stories = [line for line in lines if "test_stories" in line]
        assert stories == [f"test_lifecycle.py::test_stories[part {n}]" for n in range(parts)]


def test_a_part_runs_alone_and_keeps_its_examples(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "examples"
    chosen = "test_generated_requests and get and positive and 3"
    words = ("--effort", "thorough", "-k", chosen, "--example-database", str(folder))
    done = cli("verify", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert folder.is_dir()


def test_a_run_spreads_over_gateways_of_execnet(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    gateway = f"popen//python={sys.executable}"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--pyargs",
        "contract_tests",
        "-p",
        "no:cacheprovider",
    ]
    command += ["-d", "--tx", gateway, "--tx", f"{gateway}//chdir={elsewhere}"]
    command += ["--effort", "quick", "-k", "get.own-only or finalize.once"]
    folder = tmp_path / "empty"
    folder.mkdir()
    done = subprocess.run(
        command,
        cwd=folder,
        env=bare_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "conforms: " in done.stdout


def test_the_commands_of_the_document_have_options_that_exist() -> None:
    text = (ROOT / "docs" / "campaigns.md").read_text(encoding="utf-8")
    words = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    known = {f"--{option.name}" for option in OPTIONS}
    assert words - known == {"--pyargs", "--tx"}
    workflow = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    assert [*workflow["jobs"]] == ["shard", "verdict"]
