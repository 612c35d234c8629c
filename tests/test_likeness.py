"""What is alike in two deviations: stable from run to run, and telling one from another."""

import pytest

from virtool_contract.likeness import by_anybody, hides, likeness, loose, matches

DOCUMENT = '200 application/json {"id":"uskrqsxm","created_at":"2017-10-03T21:35:54.813000Z"}'


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("204", "204"),
        (DOCUMENT, "200 application/json *"),
        ('403 application/json {"id":"uskr…', "403 application/json *"),
        (
            '404 application/json {"id":"not_found","message":"Not found"}',
            '404 application/json {"id":"not_found","message":"Not found"}',
        ),
        ("500 text/html <p>Error a1b2-c3</p>", "500 text/html <p>Error *</p>"),
        ("422: Undocumented HTTP status code", "422: Undocumented HTTP status code"),
        ('/: "user" is a required property', '/: "user" is a required property'),
        ('/files/3: "size" is a required property', '/files/*: "size" is a required property'),
        ('/job: "1bq8ern0" is not of type "object"', '/job: "* is not of type "object"'),
        ('/created_at: "at 3 is it" is not a "date-time"', '/created_at: "* is not a "date-time"'),
        ('/sample: null is not of type "object"', '/sample: null is not of type "object"'),
        ("/ready: true was expected", "/ready: true was expected"),
        ("/index/version: expected 0, got 1", "/index/version: expected #, got #"),
        ('/id: expected "a", got "b"', '/id: expected "*, got "*'),
        ("/files: expected 2 items, got 0", "/files: expected # items, got #"),
        ('/results/a/0: expected {}, got "x"', '/results/*: expected {}, got "*'),
        ("/results/a.b: expected null, got nothing", "/results/*: expected null, got nothing"),
        ('/results: {"a": 1}', "/results: {*"),
        ('acknowledged and lost: {"by": 3}', "acknowledged and lost: *"),
        ("Extra data: line 2 column 1 (char 715)", "Extra data: line * column * (char *)"),
        ("'text/plain; charset=utf-8'", "'text/plain; charset=*'"),
    ],
)
def test_what_stays_the_same_is_kept(text: str, pattern: str) -> None:
    assert likeness(text) == pattern
    assert matches(pattern, text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("404 application/json {}", "403 application/json {}"),
        ("404 application/json", "404 text/html"),
        ('404 application/json {"message":"No"}', '404 application/json {"message":"Gone"}'),
        ('/: "user" is a required property', '/: "index" is a required property'),
        ('/job: "1" is not of type "object"', '/job: null is not of type "object"'),
        ("/created_at: expected 1, got 2", "/user: expected 1, got 2"),
        ("/index/version: expected 0, got 1", "/index/version: expected 0, got null"),
    ],
)
def test_another_deviation_is_unlike(one: str, other: str) -> None:
    assert not matches(likeness(one), other)
    assert not matches(likeness(other), one)


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("200 *", "200 application/json {}", True),
        ("200 *", "1200 application/json {}", False),
        ("20? *", "200 application/json {}", False),
        ("[12]00", "200", False),
        ("/a[0]?: *", "/a[0]?: 1", True),
        ("GONE", "gone", False),
        ("a*c", "a\nb\nc", True),
        ("***", "key", True),
        ("got #", "got -1.5e+300", True),
        ("got #", "got null", False),
        ("got #", "got #", True),
        ("*, got #", "expected 0, got 12", True),
        ("*a*a*a*b", "a" * 2000, False),
    ],
)
def test_only_anything_and_a_number_are_special(pattern: str, text: str, *, does: bool) -> None:
    assert matches(pattern, text) is does


@pytest.mark.parametrize(
    ("pattern", "looser"),
    [
        ('get by *: 404 application/json {"message":"Gone *"}', "get by *: 404*"),
        ("404 text/html", "404*"),
        ("finalize by owner: /ready: true was expected", "finalize by owner: /ready: *"),
        ("acknowledged and lost: *", "*"),
    ],
)
def test_a_looser_pattern_keeps_status_and_member(pattern: str, looser: str) -> None:
    assert loose(pattern) == looser
    assert matches(looser, pattern)


def test_whoever_asks() -> None:
    assert by_anybody("get by wrong key: 200 by x: y") == "get by *: 200 by x: y"
    assert by_anybody("/ready: false") == "/ready: false"


@pytest.mark.parametrize(
    ("pattern", "other", "does"),
    [
        ("get by *: /id: *", 'get by *: /: "user" is a required property', False),
        ('/: "user" is a required property', '/: "index" is a required property', False),
        ('/: "user" is a required property', "/user/id: 7 is not of type *", True),
        ("/job: 7 is not of type *", '/job: "id" is a required property', True),
        ("/job/id: *", "/job: *", False),
        ("/files/*: *", "/files/0/name: *", True),
        ("/*: *", "/id: *", True),
        ("/results/*: *", '/results/*: expected "*, got nothing', True),
        ("/results: null was expected", "/ready: false was expected", False),
        ("get by *: /id: *", "get by owner: /job: *", False),
        ("get by *: /id: *", "finalize by owner: /job: *", True),
        ("/id: *", "finalize by owner: /job: *", True),
        ("finalize by owner: /id: *", "/job: *", False),
        ("500 *", "/job: *", True),
        ("/id: *", "404 *", True),
        ("", "/id: *", True),
        ("/id: *", "", True),
    ],
)
def test_what_hides_another_deviation(pattern: str, other: str, *, does: bool) -> None:
    assert hides(pattern, other) is does
