"""The marks of a promise."""

import pytest

from virtool_contract.marks import clause, standard


def promise() -> None:
    """Something MUST hold."""


def test_a_promise_says_what_it_is_about() -> None:
    marked = clause("finalize.once", "finalize.ready")(promise)
    marks = marked.pytestmark  # type: ignore[attr-defined]  # pytest adds it
    assert [(mark.name, mark.args) for mark in marks] == [
        ("clause", ("finalize.once", "finalize.ready"))
    ]


def test_a_marked_promise_is_the_same_function() -> None:
    def made() -> None:
        """Something else MUST hold."""

    assert clause("isolation")(made) is made
    assert made.__doc__ == "Something else MUST hold."


def test_marks_add_up() -> None:
    def made() -> None:
        pass

    clause("isolation")(clause("get.safe")(made))
    marks = made.pytestmark  # type: ignore[attr-defined]  # pytest adds it
    assert {each for mark in marks for each in mark.args} == {"isolation", "get.safe"}


def test_standard_names_the_effort() -> None:
    assert (standard.name, standard.args) == ("effort", ("standard",))
    assert isinstance(standard, pytest.MarkDecorator)
