"""What a HAR 1.2 must look like, by its specification (J. Odvarko and others, "HAR 1.2 Spec").

Stricter than that: members of our own must begin with `_`, and no other may be made up.
"""

from __future__ import annotations

from typing import Any, Final

TEXT: Final = {"type": "string"}
COUNT: Final = {"type": "integer", "minimum": -1}
TIME: Final = {"type": "number", "minimum": 0}
TIMING: Final = {"type": "number", "minimum": -1}


def _object(required: dict[str, Any], **optional: object) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional, "comment": TEXT},
        "patternProperties": {"^_": True},
        "additionalProperties": False,
    }


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


NAMED: Final = _object({"name": TEXT, "value": TEXT})
PRODUCT: Final = _object({"name": TEXT, "version": TEXT})
MOMENT: Final = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
}
COOKIE: Final = _object(
    {"name": TEXT, "value": TEXT},
    path=TEXT,
    domain=TEXT,
    expires=MOMENT,
    httpOnly={"type": "boolean"},
    secure={"type": "boolean"},
)
POST_DATA: Final = _object(
    {"mimeType": TEXT, "params": _list(_object({"name": TEXT}, value=TEXT)), "text": TEXT}
)
REQUEST: Final = _object(
    {
        "method": TEXT,
        "url": {"type": "string", "format": "uri"},
        "httpVersion": TEXT,
        "cookies": _list(COOKIE),
        "headers": _list(NAMED),
        "queryString": _list(NAMED),
        "headersSize": COUNT,
        "bodySize": COUNT,
    },
    postData=POST_DATA,
)
CONTENT: Final = _object(
    {"size": COUNT, "mimeType": TEXT},
    compression=COUNT,
    text=TEXT,
    encoding=TEXT,
)
RESPONSE: Final = _object(
    {
        "status": {"type": "integer", "minimum": 0},
        "statusText": TEXT,
        "httpVersion": TEXT,
        "cookies": _list(COOKIE),
        "headers": _list(NAMED),
        "content": CONTENT,
        "redirectURL": TEXT,
        "headersSize": COUNT,
        "bodySize": COUNT,
    }
)
TIMINGS: Final = _object(
    {"send": TIME, "wait": TIME, "receive": TIME},
    blocked=TIMING,
    dns=TIMING,
    connect=TIMING,
    ssl=TIMING,
)
ENTRY: Final = _object(
    {
        "startedDateTime": MOMENT,
        "time": TIME,
        "request": REQUEST,
        "response": RESPONSE,
        "cache": _object({}),
        "timings": TIMINGS,
    },
    pageref=TEXT,
    serverIPAddress=TEXT,
    connection=TEXT,
)
HAR: Final = _object(
    {
        "log": _object(
            {"version": {"const": "1.2"}, "creator": PRODUCT, "entries": _list(ENTRY)},
            browser=PRODUCT,
            pages=_list({"type": "object"}),
        )
    }
)
