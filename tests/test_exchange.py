"""A response finds its headers in any letter case, and knows when it is labelled JSON."""

from dataclasses import FrozenInstanceError

import pytest

from virtool_contract.exchange import Exchange, Request, Response


def labelled(value: str, name: str = "Content-Type") -> Response:
    return Response(status=200, headers=((name, value),), body=b"", elapsed=0.1)


@pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE"])
def test_header_names_have_no_letter_case(name: str) -> None:
    assert labelled("text/plain", name).header("content-Type") == "text/plain"


def test_the_first_of_several_headers_counts() -> None:
    response = Response(status=200, headers=(("A", "1"), ("a", "2")), body=b"", elapsed=0)
    assert response.header("a") == "1"


def test_a_header_that_is_not_there_is_empty() -> None:
    response = labelled("text/plain")
    assert response.header("content") == ""


@pytest.mark.parametrize(
    ("label", "media_type", "is_json"),
    [
        ("application/json", "application/json", True),
        ("Application/JSON", "application/json", True),
        ("application/json; charset=utf-8", "application/json", True),
        (" application/json ;charset=utf-8", "application/json", True),
        ("application/problem+json", "application/problem+json", True),
        ("application/vnd.virtool+JSON", "application/vnd.virtool+json", True),
        ("text/plain; x=application/json", "text/plain", False),
        ("application/jsonp", "application/jsonp", False),
        ("application/json-seq", "application/json-seq", False),
        ("text/html", "text/html", False),
        ("", "", False),
    ],
)
def test_labels_are_read_without_their_parameters(
    label: str,
    media_type: str,
    *,
    is_json: bool,
) -> None:
    response = labelled(label)
    assert (response.media_type, response.is_json) == (media_type, is_json)


def test_exchanges_are_values() -> None:
    request = Request(method="GET", target="/api/analyses/a")
    assert Exchange(request=request) == Exchange(request=request, response=None, failure="")
    with pytest.raises(FrozenInstanceError):  # that this fails is what is tried
        request.method = "PATCH"  # type: ignore[misc]  # frozen, as is to be shown
