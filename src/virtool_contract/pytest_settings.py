"""The options of the suite as options of pytest, and what they are set to."""

from contextlib import suppress

import pytest

from virtool_contract.option_values import EFFORTS
from virtool_contract.options import OPTIONS, OptionError, Settings, resolve

OURS = "--base-url"  # declared by pytest-base-url


def declare(parser: pytest.Parser) -> None:
    """Declare the options; those that pytest or a plugin has already are taken from there."""
    group = parser.getgroup("virtool-contract", "contract suite of the Virtool Jobs API")
    for option in OPTIONS:
        name = f"--{option.in_pytest}"
        text = f"{option.help} [{option.variable}]"
        dest = f"virtool_contract_{option.key}"
        if name == OURS:
            continue
        if option.is_flag:
            group.addoption(name, dest=dest, action="store_true", default=None, help=text)
        else:
            group.addoption(name, dest=dest, metavar=option.metavar, default=None, help=text)


def settings_of(config: pytest.Config) -> Settings:
    """The settings of a pytest run.

    Raises:
        OptionError: an option has a value that does not work.
    """
    given = {
        option.key: config.getoption(f"virtool_contract_{option.key}", None) for option in OPTIONS
    }
    given["base_url"] = config.getoption("base_url", None) or None
    return resolve(given, folder=config.rootpath)


def is_thorough(config: pytest.Config) -> bool:
    """Whether the run is to be thorough; an option that does not work is complained of later."""
    with suppress(OptionError):
        return settings_of(config).effort == EFFORTS[-1]
    return False
