"""The garbage collector is off while modules are imported, and on again whatever happens."""

from __future__ import annotations

import gc

import pytest

from virtool_contract import garbage


def test_it_is_off_until_all_is_there() -> None:
    with garbage.collected_late():
        assert not gc.isenabled()
        garbage.all_is_there()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_failure_turns_it_on_again() -> None:
    with pytest.raises(KeyboardInterrupt), garbage.collected_late():
        raise KeyboardInterrupt
    assert gc.isenabled()
