import pytest

from tests.reports.conftest import NASTY
from virtool_contract.reports.plain import one_line, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("été 😀\n", "été 😀\n"),
        ("\x1b[31m\x00\x7f\x85", r"\x1b[31m\x00\x7f\x85"),
        ("\r\t", r"\r\t"),
        ("\u202e\u2028\ufeff", r"\u202e\u2028\ufeff"),
        ("\ud800\uffff", r"\ud800\uffff"),
    ],
)
def test_what_cannot_be_printed_is_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_line_stays_one() -> None:
    assert one_line("a\nb\r\n\u2028c") == r"a\nb\r\n\u2028c"
    assert one_line(NASTY).isprintable()
