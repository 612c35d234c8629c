"""Interrupts wait until a block has ended, and are not lost."""

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from virtool_contract.deadlines import Watchdog
from virtool_contract.interrupts import (
    HELD,
    PATIENCE,
    ask,
    forget,
    held_back,
    is_late,
    obey,
    patience,
)


@pytest.fixture
def caught() -> Iterator[list[int]]:
    """The signals that came through, in order; handlers are put back afterwards."""
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: came.append(number)) for number in HELD
    }
    yield came
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", HELD)
def test_a_signal_waits_for_the_end(caught: list[int], number: int) -> None:
    with held_back():
        signal.raise_signal(number)
        assert caught == []
    assert caught == [number]


def test_without_a_signal_nothing_comes(caught: list[int]) -> None:
    with held_back():
        pass
    assert caught == []


def test_handlers_are_put_back(caught: list[int]) -> None:
    before = [signal.getsignal(number) for number in HELD]
    with held_back():
        assert [signal.getsignal(number) for number in HELD] != before
    assert [signal.getsignal(number) for number in HELD] == before
    signal.raise_signal(signal.SIGTERM)
    assert caught == [signal.SIGTERM]


def test_the_first_of_several_signals_is_the_one_that_comes(caught: list[int]) -> None:
    with held_back():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert caught == [signal.SIGTERM]


def test_one_block_inside_another_waits_for_both(caught: list[int]) -> None:
    with held_back():
        with held_back():
            signal.raise_signal(signal.SIGINT)
        assert caught == []
    assert caught == [signal.SIGINT]


def test_a_keyboard_interrupt_comes_after_the_block(caught: list[int]) -> None:
    assert caught == []
    done: list[str] = []

    def work() -> None:
        with held_back():
            signal.raise_signal(signal.SIGINT)
            done.append("to the end")

    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["to the end"]


def test_a_signal_is_not_lost_when_the_block_fails(caught: list[int]) -> None:
    def work() -> None:
        with held_back():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("by itself")

    with pytest.raises(ValueError, match="by itself"):
        work()
    assert caught == [signal.SIGINT]


def test_what_was_ignored_stays_ignored(caught: list[int]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with held_back():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    assert caught == []


def test_other_threads_hold_nothing_back(caught: list[int]) -> None:
    inside = threading.Event()
    leave = threading.Event()

    def work() -> None:
        with held_back():
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(5)
    signal.raise_signal(signal.SIGINT)
    time.sleep(0)
    assert caught == [signal.SIGINT]
    leave.set()
    thread.join(5)
    assert not thread.is_alive()


def test_who_is_asked_to_end_waits_no_longer() -> None:
    assert (patience(30), is_late()) == (30, False)
    with Watchdog().watching(30) as watch:
        ask()
        assert watch.until <= time.monotonic() + PATIENCE
    assert (patience(30), patience(0.5), is_late()) == (PATIENCE, 0.5, False)
    with pytest.raises(KeyboardInterrupt):
        obey()
    obey()  # only once
    forget()
    assert (patience(30), is_late()) == (30, False)


def test_a_signal_that_is_held_back_hurries_what_holds_it(caught: list[int]) -> None:
    with held_back(), Watchdog().watching(30) as watch:
        signal.raise_signal(signal.SIGINT)
        assert watch.until <= time.monotonic() + PATIENCE
    assert caught == [signal.SIGINT]
