"""Settings as the words of a command line, for whoever is to run something again."""

import re
import shlex
from pathlib import Path

from virtool_contract.options import OPTIONS, REPORT_FILES, Option, Settings


def settings_arguments(settings: Settings, *, for_pytest: bool = False) -> list[str]:
    """The options that make these settings; pytest is told all, lest it looks them up again."""
    words = []
    for option in OPTIONS:
        value = getattr(settings, option.key)
        if option.is_flag or (value is not None and (for_pytest or value != option.default)):
            words += _words(option, value, for_pytest=for_pytest)
    return words


def replay_line(settings: Settings, clause: str) -> str:
    """The command that plays a violation again, from the report of a run; needs `report_dir`."""
    assert settings.report_dir
    report = str(Path(settings.report_dir, REPORT_FILES[0]))
    words = ["virtool-contract", "replay", report, clause]
    for option in OPTIONS:
        value = getattr(settings, option.key)
        if option.is_of_the_target and value is not None and value != option.default:
            words += map(without_secrets, _words(option, value))
    return shlex.join(words)


def without_secrets(word: str) -> str:
    """An option to be shown: a URL may hold who asks, and a token in its query."""
    if not word.startswith(("--state-change-url=", "--example-database=")):
        return word
    return re.sub(r"[?].*", "?***", re.sub("//[^/@]*@", "//***@", word))


def _words(option: Option, value: object, *, for_pytest: bool = False) -> list[str]:
    name = option.in_pytest if for_pytest else option.name
    if option.is_flag:
        return [f"--{name}"] * bool(value)
    return [f"--{name}={option.write(value)}"]
