"""Options come from the command line, the environment or the file; what is wrong is told."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from virtool_contract.options import OPTIONS, Option, OptionError, Settings, resolve

PROVIDER = {"state_change_url": "http://localhost:9950/provider-states"}
BY_NAME = {option.name: option for option in OPTIONS}


def resolved(
    folder: Path,
    given: Mapping[str, str | bool | None] | None = None,
    environment: Mapping[str, str] | None = None,
    file: str = "",
) -> Settings:
    if file:
        (folder / "pyproject.toml").write_text(file, encoding="utf-8")
    return resolve(given or {}, environment or {}, folder)


def complaint(folder: Path, **sources: Any) -> str:  # noqa: ANN401 - option values
    with pytest.raises(OptionError) as caught:
        resolved(folder, **sources)
    return str(caught.value)


def test_the_defaults_are_those_that_the_help_says(tmp_path: Path) -> None:
    assert resolved(tmp_path) == Settings(
        base_url=None,
        state_change_url=None,
        state_change_command=None,
        state_file=None,
        max_subjects=None,
        api_root="/api",
        extra_body_fields=None,
        effort="standard",
        seed=0,
        example_database=None,
        strict=False,
        request_timeout=10.0,
        wait_for_server=0.0,
        report_dir=None,
        spec=None,
        waivers=None,
        baseline=None,
    )


def test_waivers_are_found_in_the_folder_unless_others_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "waivers.yaml"
    file.write_text("[]\n")
    assert resolved(tmp_path).waivers == str(file)
    monkeypatch.chdir(tmp_path)
    assert resolved(tmp_path).waivers == "waivers.yaml"
    assert resolved(tmp_path, given={"waivers": "known.yaml"}).waivers == "known.yaml"


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: str(option.name))
def test_every_option_is_named_alike_everywhere(option: Option) -> None:
    assert option.variable == "VIRTOOL_CONTRACT_" + option.name.upper().replace("-", "_")
    assert option.key in Settings.__dataclass_fields__
    assert option.help
    assert option.is_flag is (option.name == "strict")
    assert option.is_flag or option.metavar


def test_no_option_takes_a_name_of_pytests_own() -> None:
    assert BY_NAME["strict"].in_pytest == "contract-strict"
    assert BY_NAME["seed"].in_pytest == "seed"


SOURCES = ({"seed": "1"}, {"VIRTOOL_CONTRACT_SEED": "2"}, "[tool.virtool-contract]\nseed = 3\n")


@pytest.mark.parametrize(
    ("line", "variable", "file", "seed"),
    [(1, 1, 1, 1), (0, 1, 1, 2), (0, 0, 1, 3), (0, 0, 0, 0), (1, 0, 1, 1), (1, 1, 0, 1)],
)
def test_the_command_line_comes_before_the_environment_and_that_before_the_file(
    tmp_path: Path, line: int, variable: int, file: int, seed: int
) -> None:
    given, environment, text = SOURCES
    settings = resolved(
        tmp_path,
        given=given if line else {"seed": None},
        environment=environment if variable else {},
        file=text if file else "",
    )
    assert settings.seed == seed


@pytest.mark.parametrize(
    ("given", "environment", "file", "strict"),
    [
        (True, "0", "false", True),
        (False, "1", "false", True),
        (False, "no", "true", False),
        (False, "", "true", False),
        (False, None, "true", True),
        (None, None, '"off"', False),
        (None, "TRUE", "false", True),
    ],
)
def test_a_flag_is_yes_or_no(
    tmp_path: Path,
    *,
    given: bool | None,
    environment: str | None,
    file: str,
    strict: bool,
) -> None:
    settings = resolved(
        tmp_path,
        given={"strict": given},
        environment={} if environment is None else {"VIRTOOL_CONTRACT_STRICT": environment},
        file=f"[tool.virtool-contract]\nstrict = {file}\n",
    )
    assert settings.strict is strict


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("base-url", "http://localhost:9950/", "http://localhost:9950"),
        ("base-url", "https://[::1]:9950", "https://[::1]:9950"),
        ("api-root", "", ""),
        ("api-root", "/jobs/v1/", "/jobs/v1"),
        ("effort", "quick", "quick"),
        ("seed", "007", 7),
        ("effort", "thorough", "thorough"),
        ("example-database", "./examples", "./examples"),
        ("example-database", "redis://:key@db:6379/1", "redis://:key@db:6379/1"),
        ("request-timeout", "0.5", 0.5),
        ("request-timeout", "3600", 3600.0),
        ("wait-for-server", "0", 0.0),
        ("report-dir", "out put", "out put"),
        ("spec", "my.yaml", "my.yaml"),
    ],
)
def test_values_are_read(tmp_path: Path, name: str, text: str, value: object) -> None:
    option = BY_NAME[name]
    given = {option.key: text, **(PROVIDER if name == "base-url" else {})}
    assert getattr(resolved(tmp_path, given=given), option.key) == value


WRONG = [
    ("example-database", "", "try ./examples or redis://localhost:6379/0"),
    ("example-database", "redis://", "try ./examples or redis://localhost:6379/0"),
    ("example-database", "http://localhost", "try ./examples or redis://localhost:6379/0"),
    ("base-url", "", "try http://localhost:9950"),
    ("base-url", "localhost:9950", "try http://localhost:9950"),
    ("base-url", "ftp://localhost", "try http://localhost:9950"),
    ("base-url", "http://", "try http://localhost:9950"),
    ("base-url", "http://:9950", "try http://localhost:9950"),
    ("base-url", "http://localhost:0", "try http://localhost:9950"),
    ("base-url", "http://localhost:99999", "try http://localhost:9950"),
    ("base-url", "http://localhost:port", "try http://localhost:9950"),
    ("base-url", "http://[::1", "try http://localhost:9950"),
    ("base-url", "http://localhost:9950/api", "try http://localhost:9950 with --api-root"),
    ("base-url", "http://localhost:9950?a=b", "try http://localhost:9950 with --api-root"),
    ("base-url", "http://localhost:9950/#a", "try http://localhost:9950 with --api-root"),
    ("state-change-url", "states", "try http://localhost:9950"),
    ("api-root", "api", "try /api"),
    ("api-root", "/api?x", "try /api"),
    ("api-root", "/{analysis_id}", "try /api"),
    ("api-root", "/a b", "try /api"),
    ("effort", "thorough!", "try quick or standard"),
    ("effort", "", "try quick or standard"),
    ("seed", "-1", "try 0"),
    ("seed", "1.5", "try 0"),
    ("seed", "", "try 0"),
    ("seed", "²", "try 0"),
    ("seed", "9" * 19, "try 0"),
    ("strict", "perhaps", "try 1 or 0"),
    ("request-timeout", "0", "try 10"),
    ("request-timeout", "-1", "try 10"),
    ("request-timeout", "nan", "try 10"),
    ("request-timeout", "inf", "try 10"),
    ("request-timeout", "ten", "try 10"),
    ("wait-for-server", "3601", "try 10"),
    ("report-dir", "", "try "),
    ("spec", "", "try "),
]


@pytest.mark.parametrize(("name", "text", "advice"), WRONG)
def test_a_value_that_does_not_work_is_told_with_one_that_does(
    tmp_path: Path, name: str, text: str, advice: str
) -> None:
    option = BY_NAME[name]
    said = complaint(tmp_path, given={option.key: text})
    assert said.startswith(f"--{name}: {text!r} ")
    assert advice in said
    said = complaint(tmp_path, environment={option.variable: text})
    assert said.startswith(f"{option.variable}: {text!r} ")
    file = f'[tool.virtool-contract]\n{name} = "{text}"\n'
    said = complaint(tmp_path, file=file)
    assert said.startswith(f"pyproject.toml, [tool.virtool-contract], {name}: {text!r} ")


@pytest.mark.parametrize("value", ["1.5", "[1]", "-1", "{}", "2026-01-31"])
def test_a_value_of_another_type_in_the_file_is_told(tmp_path: Path, value: str) -> None:
    said = complaint(tmp_path, file=f"[tool.virtool-contract]\nseed = {value}\n")
    assert said.startswith("pyproject.toml, [tool.virtool-contract], seed: ")


@pytest.mark.parametrize("name", ["base-url", "state-change-url"])
@pytest.mark.parametrize("user", ["me:hunter2", "hunter2", "me:hunter2@x", ":hunter2"])
def test_a_password_in_a_url_is_refused_and_not_repeated(
    tmp_path: Path, name: str, user: str
) -> None:
    text = f"http://{user}@localhost:9950"
    said = complaint(tmp_path, given={BY_NAME[name].key: text})
    assert "hunter2" not in said
    assert said.startswith(f"--{name}: 'http://***@localhost:9950' has credentials in it")


def test_a_provider_without_a_target_is_told(tmp_path: Path) -> None:
    said = complaint(tmp_path, given=PROVIDER)
    assert said.startswith("--state-change-url: needs --base-url too")


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("[tool.virtool-contract]\nsede = 1\n", "[tool.virtool-contract], sede: no option; try "),
        ("[tool.virtool-contract\n", "cannot be read"),
        ("[tool]\nvirtool-contract = 1\n", "is not a table"),
        ("[[tool.virtool-contract]]\nseed = 1\n", "is not a table"),
    ],
)
def test_a_file_that_does_not_work_is_told(tmp_path: Path, file: str, why: str) -> None:
    said = complaint(tmp_path, file=file)
    assert said.startswith("pyproject.toml")
    assert why in said


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff")
    assert complaint(tmp_path).startswith("pyproject.toml: cannot be read: ")


@pytest.mark.parametrize("file", ["", "tool = 1\n", "[tool.other]\nseed = 1\n", "[project]\n"])
def test_a_file_that_does_not_speak_of_the_suite_says_nothing(tmp_path: Path, file: str) -> None:
    assert resolved(tmp_path, file=file).seed == 0


def test_body_fields_are_a_json_object_however_they_are_set(tmp_path: Path) -> None:
    expected = {"files": [], "n": 1}
    text = json.dumps(expected)
    assert resolved(tmp_path, given={"extra_body_fields": text}).extra_body_fields == expected
    table = "[tool.virtool-contract]\nextra-body-fields = { files = [], n = 1 }\n"
    assert resolved(tmp_path, file=table).extra_body_fields == expected
    option = next(each for each in OPTIONS if each.name == "extra-body-fields")
    assert option.read(option.write(expected)) == expected


@pytest.mark.parametrize("text", ["[]", "{}", "files", '{"a": 1, "a": 2}', '{"a": NaN}', "\ud800"])
def test_what_are_no_body_fields(tmp_path: Path, text: str) -> None:
    said = complaint(tmp_path, given={"extra_body_fields": text})
    assert said.endswith("""is not a JSON object with members; try '{"files": []}'""")


def test_results_are_not_for_the_user_to_send(tmp_path: Path) -> None:
    said = complaint(tmp_path, given={"extra_body_fields": '{"results": {}}'})
    assert "has `results`, which the suite itself sends" in said


@pytest.mark.parametrize("number", ["0", "-1", "many", ""])
def test_what_is_no_count(tmp_path: Path, number: str) -> None:
    assert complaint(tmp_path, given={"max_subjects": number}).startswith("--max-subjects: ")


@pytest.mark.parametrize("text", ["", "   ", "python 'provider.py"])
def test_what_is_no_command(tmp_path: Path, text: str) -> None:
    given = {"base_url": "http://localhost:1", "state_change_command": text}
    assert complaint(tmp_path, given=given).endswith("try 'python provider.py'")


def test_one_way_to_the_provider_is_enough(tmp_path: Path) -> None:
    given = {"base_url": "http://localhost:1", "state_file": "a", "state_change_command": "b"}
    said = complaint(tmp_path, given=given)
    assert said == "--state-change-command and --state-file: give one of them, not both"
    del given["base_url"], given["state_file"]
    assert complaint(tmp_path, given=given).startswith("--state-change-command: needs --base-url")
