"""docs/targets.md, as a stranger reads it: it shows the examples, and its commands do run."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.targets.conftest import EXAMPLES, OWNED, ROOT, run, running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.targets.conftest import Serve, Served

PAGE = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")

TRANSPORTS = {
    "HTTP": "An HTTP endpoint",
    "command": "A command",
    "Node": "A command in another language",
    "file": "A file of disposable analyses",
}
"""The sections with console commands."""

# The page and its files.


@pytest.mark.parametrize("name", sorted(each.name for each in EXAMPLES.iterdir() if each.is_file()))
def test_the_page_shows_each_example_as_it_is(name: str) -> None:
    code = (EXAMPLES / name).read_text(encoding="utf-8")
    assert re.search(rf"\[{name}\]\(examples/{name}\):\n\n```\w+\n{re.escape(code)}```\n", PAGE)


def commands(section: str) -> list[str]:
    """The console commands below a heading."""
    body = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"```console\n(.*?)```", body, re.DOTALL)
    return [line.removeprefix("$ ") for line in block.splitlines()]


def test_no_command_of_the_page_goes_without_a_test() -> None:
    assert PAGE.count("```console") == len(TRANSPORTS)


def test_the_links_of_the_page_lead_somewhere() -> None:
    headings = [
        re.sub(r"[^\w -]", "", each).lower().replace(" ", "-")
        for each in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    ]
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        path, _, anchor = link.partition("#")
        assert (ROOT / "docs" / path).exists()
        assert path or anchor in headings


def test_the_command_of_the_ci_example_is_one_that_verify_understands(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (job,) = yaml.safe_load(block)["jobs"].values()
    (script,) = (step["run"] for step in job["steps"] if "--base-url" in step.get("run", ""))
    command = script[script.index("virtool-contract verify") :].replace("\\\n", " ")
    done = run(f"{command.strip()} --dry-run", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "test_finalize.py" in done.stdout


# Its commands.


def verified(
    server: Served, section: str, folder: Path, *more: str, examples: Path = EXAMPLES
) -> tuple[int, dict[str, str]]:
    """Run a section's commands on a target: the exit code of verify, and each clause's verdict."""
    code, provider = -1, ""
    with ExitStack() as stack:
        for command in commands(section):
            words = (
                command.replace("http://127.0.0.1:9950", server.url)
                .replace("http://127.0.0.1:9960", provider)
                .replace(" 9960 &", " 0 &")
                .replace("docs/examples", str(examples))
                .replace("contract.db", str(server.database))
                .replace("analyses.jsonl", str(folder / "analyses.jsonl"))
            )
            if words.endswith(" &"):
                provider = stack.enter_context(running(*shlex.split(words.removesuffix(" &"))))
            elif " verify " in words:
                done = run(shlex.join([*shlex.split(words), "--report-dir", str(folder), *more]))
                code, said = done.returncode, done.stderr
                assert code in {0, 1}, said
            else:
                done = run(words)
                assert done.returncode == 0, done.stderr
    clauses = json.loads((folder / "report.json").read_text(encoding="utf-8"))["clauses"]
    return code, {each["id"]: each["verdict"] for each in clauses}


@pytest.fixture(scope="module")
def verdicts(server: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each clause comes to, as the first transport sees it."""
    code, verdicts = verified(server, TRANSPORTS["HTTP"], tmp_path_factory.mktemp("first"))
    assert code == 0
    return verdicts


@pytest.mark.parametrize("section", TRANSPORTS.values(), ids=TRANSPORTS)
def test_every_transport_comes_to_the_same_verdicts_and_leaves_nothing(
    server: Served, verdicts: dict[str, str], tmp_path: Path, section: str
) -> None:
    others = server.rows(of_the_suite=False)
    assert len(others) == len(OWNED)
    assert verified(server, section, tmp_path) == (0, verdicts)
    assert server.rows(of_the_suite=True) == []
    assert server.rows(of_the_suite=False) == others


@pytest.mark.parametrize("section", TRANSPORTS.values(), ids=TRANSPORTS)
def test_a_server_that_loses_results_is_found_out(
    serve: Serve, tmp_path: Path, section: str
) -> None:
    server = serve("--lose-results")
    code, verdicts = verified(server, section, tmp_path, "-k", "finalize.results")
    assert code == 1
    assert verdicts["finalize.results"] == "broken"


def test_the_server_keeps_the_contract_in_stories_and_races_too(
    server: Served, tmp_path: Path
) -> None:
    only = ("-k", "test_stories or finalize.atomic or remove.atomic")
    code, verdicts = verified(server, TRANSPORTS["HTTP"], tmp_path, "--effort", "standard", *only)
    assert code == 0
    assert verdicts["finalize.atomic"] == verdicts["remove.atomic"] == "kept"


# Where a build differs.


@pytest.mark.parametrize("root", ["", "/jobs/v2"])
def test_the_analyses_may_stand_elsewhere(serve: Serve, tmp_path: Path, root: str) -> None:
    assert f"`--api-root {root or repr('')}`" in PAGE
    server = serve("--api-root", root)
    more = ("--api-root", root, "-k", "get.document")
    code, verdicts = verified(server, TRANSPORTS["HTTP"], tmp_path, *more)
    assert (code, verdicts["get.document"]) == (0, "kept")


def test_a_server_without_remove_has_not_implemented_it(serve: Serve, tmp_path: Path) -> None:
    code, verdicts = verified(serve("--no-remove"), TRANSPORTS["HTTP"], tmp_path, "-k", "remove")
    assert (code, verdicts["remove.gone"]) == (0, "not implemented")
    assert verdicts["remove.harmless"] == "kept"


def test_a_member_more_in_the_body_is_sent_when_asked_for(serve: Serve, tmp_path: Path) -> None:
    (option,) = re.findall(r"`(--extra-body-fields [^`]+)`", PAGE)
    server, more = serve("--want-files"), ["-k", "finalize.answer"]
    code, verdicts = verified(server, TRANSPORTS["HTTP"], tmp_path, *more)
    assert (code, verdicts["finalize.answer"]) == (1, "broken")
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert any("--extra-body-fields" in each for each in report["troubles"])
    more += shlex.split(option)
    code, verdicts = verified(server, TRANSPORTS["HTTP"], tmp_path, *more)
    assert (code, verdicts["finalize.answer"]) == (0, "kept")
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert any("--extra-body-fields" in each for each in report["adaptations"])
    assert report["troubles"] == []


def altered(folder: Path, old: str, new: str) -> Path:
    """A copy of the examples, with one thing altered in what knows the tables."""
    examples = folder / "examples"
    shutil.copytree(EXAMPLES, examples, ignore=shutil.ignore_patterns("__pycache__"))
    seeding = (examples / "seeding.py").read_text(encoding="utf-8")
    assert seeding.count(old) == 1
    (examples / "seeding.py").write_text(seeding.replace(old, new), encoding="utf-8")
    return examples


def test_jobs_may_be_known_by_headers(serve: Serve, tmp_path: Path) -> None:
    (line,) = re.findall(r"```python\n( +return .*headers.*\n)```", PAGE)
    examples = altered(tmp_path, '    return {"job_id": job_id, "job_key": key}\n', line)
    server, more = serve("--bearer"), ("-k", "access.credentials")
    code, verdicts = verified(server, TRANSPORTS["HTTP"], tmp_path, *more, examples=examples)
    assert (code, verdicts["access.credentials"]) == (0, "kept")


def test_integer_ids_break_what_the_page_says_and_nothing_else(
    serve: Serve, tmp_path: Path, verdicts: dict[str, str]
) -> None:
    (sentence,) = re.findall(r"^\*\*Integer ids\.\*\* (.+?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    broken = set(re.findall(r"`([a-z]+\.[a-z]+)`", sentence))
    assert broken
    examples = altered(tmp_path, "analysis_id, now = new_id(),", "analysis_id, now = new_number(),")
    with (examples / "seeding.py").open("a", encoding="utf-8") as seeding:
        seeding.write("\n\ndef new_number():\n    return secrets.randbelow(10**9) + 1\n")
    server = serve("--integer-ids")
    code, found = verified(server, TRANSPORTS["HTTP"], tmp_path, examples=examples)
    assert code == 1
    assert found == verdicts | dict.fromkeys(broken, "broken")
