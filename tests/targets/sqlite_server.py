"""A server of analyses over SQLite, as somebody else might have built it: it has no provider.

It shares no code with the suite or its reference server; docs/targets.md shows how to point the
suite at it. `python -m tests.targets.sqlite_server --db FILE` serves on a free port and prints
where.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

Document: TypeAlias = dict[str, Any]
CredentialsIn: TypeAlias = "Callable[[str], tuple[str, str] | None]"

DEEPEST = 200
"""Levels of results that are taken: well below Python's recursion limit."""

SCHEMA = """
CREATE TABLE users (id TEXT PRIMARY KEY);
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    analysis_id TEXT UNIQUE, -- what it runs, if that is an analysis; stays when that is removed
    key_hash TEXT NOT NULL, -- SHA-256 in hexadecimal
    user_id TEXT NOT NULL REFERENCES users
);
CREATE TABLE samples (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users
);
CREATE TABLE indexes (id TEXT PRIMARY KEY, version INTEGER NOT NULL);
CREATE TABLE subtractions (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE analyses (
    id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    workflow TEXT NOT NULL,
    sample_id TEXT NOT NULL REFERENCES samples,
    index_id TEXT NOT NULL REFERENCES indexes,
    user_id TEXT NOT NULL REFERENCES users,
    ready INTEGER NOT NULL DEFAULT 0,
    results TEXT -- JSON
);
CREATE INDEX analyses_of_sample ON analyses (sample_id);
CREATE TABLE analysis_subtractions (
    analysis_id TEXT NOT NULL REFERENCES analyses ON DELETE CASCADE,
    subtraction_id TEXT NOT NULL REFERENCES subtractions,
    PRIMARY KEY (analysis_id, subtraction_id)
);
CREATE TABLE analysis_files (
    id INTEGER PRIMARY KEY,
    analysis_id TEXT NOT NULL REFERENCES analyses ON DELETE CASCADE,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    size INTEGER NOT NULL,
    description TEXT,
    uploaded_at TEXT NOT NULL
);
CREATE INDEX files_of_analysis ON analysis_files (analysis_id);
INSERT INTO users VALUES ('igboyes');
INSERT INTO indexes VALUES ('qldihken', 3);
INSERT INTO subtractions VALUES ('yhxoynb0', 'Arabidopsis Thaliana'), ('apple', 'Malus domestica');
"""


class Analyses:
    """The analyses in a database; every method is one request's work, in one connection."""

    def __init__(
        self, database: Path, credentials_in: CredentialsIn, ways: argparse.Namespace
    ) -> None:
        """`ways` are the flags of the command line, in which this build may differ."""
        self.database = database
        self.credentials_in = credentials_in
        self.ways = ways
        is_new = not database.exists()
        # SQLite folds its log into the database when the last connection closes, so one stays.
        self.kept = self.connect()
        if is_new:
            self.kept.executescript(f"PRAGMA journal_mode = WAL; {SCHEMA}")

    def connect(self) -> sqlite3.Connection:
        """Connect; every statement commits by itself unless a transaction is begun."""
        connection = sqlite3.connect(self.database, timeout=30, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def get(self, analysis_id: str, authorization: str) -> Response:
        with closing(self.connect()) as connection:
            connection.execute("BEGIN")  # one snapshot for the document and its files
            found = self.authorized(connection, analysis_id, authorization)
            files = files_of(connection, analysis_id)
            document = self.document(connection, found) | {"files": list(map(self.shown, files))}
        return answer(document)

    def finalize(self, analysis_id: str, authorization: str, body: bytes) -> Response:
        with closing(self.connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            found = self.authorized(connection, analysis_id, authorization)
            results = results_in(body, wants_files=self.ways.want_files)
            if found["ready"]:
                raise HTTPException(409, "There is already a result for this analysis")
            connection.execute(
                "UPDATE analyses SET ready = 1, results = ? WHERE id = ?",
                ("{}" if self.ways.lose_results else results, analysis_id),
            )
            document = self.document(connection, row_of(connection, analysis_id))
            connection.execute("COMMIT")
        return answer(document)

    def remove(self, analysis_id: str, authorization: str) -> Response:
        with closing(self.connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            found = self.authorized(connection, analysis_id, authorization)
            if self.ways.no_remove:
                raise HTTPException(405, "Method not allowed")
            if found["ready"]:
                raise HTTPException(409, "Analysis is finalized")
            connection.execute("DELETE FROM analyses WHERE id = ?", (analysis_id,))
            connection.execute("COMMIT")
        return Response(status_code=204)

    def document(self, connection: sqlite3.Connection, row: sqlite3.Row) -> Document:
        """Return what an analysis is shown as, but for its files."""
        return self.shown(document_of(connection, row))

    def shown(self, document: Document) -> Document:
        """Return a document, or a file of one, with the id of the analysis as it is shown."""
        if not self.ways.integer_ids:
            return document
        key = "analysis" if "analysis" in document else "id"
        return document | {key: int(document[key])}

    def authorized(
        self, connection: sqlite3.Connection, analysis_id: str, authorization: str
    ) -> sqlite3.Row:
        """Return the row of an analysis if it is the caller's."""
        job_id = self.caller(connection, authorization)
        if job_id is None:
            raise HTTPException(401, "Unauthorized")
        found = row_of(connection, analysis_id)
        if found["job_id"] != job_id:
            raise HTTPException(403, "Insufficient rights")
        return found

    def caller(self, connection: sqlite3.Connection, authorization: str) -> str | None:
        """Return the id of the job that calls; None if it does not show who it is."""
        credentials = self.credentials_in(authorization)
        if credentials is None:
            return None
        job_id, key = credentials
        job = connection.execute("SELECT key_hash FROM jobs WHERE id = ?", (job_id,)).fetchone()
        hashed = hashlib.sha256(key.encode()).hexdigest()
        return job_id if job and hmac.compare_digest(job["key_hash"], hashed) else None


def basic(authorization: str) -> tuple[str, str] | None:
    """Read a job's id and key from HTTP Basic."""
    scheme, _, token = authorization.partition(" ")
    try:
        user, colon, key = base64.b64decode(token, validate=True).decode().partition(":")
    except ValueError:
        return None
    if scheme.lower() != "basic" or not colon or not user.startswith("job-"):
        return None
    return user.removeprefix("job-"), key


def bearer(authorization: str) -> tuple[str, str] | None:
    """Read a job's id and key from a token, with a full stop between them."""
    scheme, _, token = authorization.partition(" ")
    job_id, _, key = token.partition(".")
    return (job_id, key) if scheme.lower() == "bearer" else None


def row_of(connection: sqlite3.Connection, analysis_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        "SELECT analyses.*, jobs.id AS job_id, samples.name AS sample_name,"
        " indexes.version AS index_version"
        " FROM analyses JOIN jobs ON jobs.analysis_id = analyses.id"
        " JOIN samples ON samples.id = sample_id JOIN indexes ON indexes.id = index_id"
        " WHERE analyses.id = ?",
        (analysis_id,),
    ).fetchone()
    if row is None:
        raise HTTPException(404, "Not found")
    return row


def document_of(connection: sqlite3.Connection, row: sqlite3.Row) -> Document:
    subtractions = connection.execute(
        "SELECT id, name FROM subtractions JOIN analysis_subtractions ON id = subtraction_id"
        " WHERE analysis_id = ? ORDER BY id",
        (row["id"],),
    )
    return {
        "id": row["id"],
        "created_at": row["created_at"],
        "job": {"id": row["job_id"]},
        "workflow": row["workflow"],
        "sample": {"id": row["sample_id"], "name": row["sample_name"]},
        "index": {"id": row["index_id"], "version": row["index_version"]},
        "user": {"id": row["user_id"]},
        "subtractions": [dict(each) for each in subtractions],
        "ready": bool(row["ready"]),
        "results": json.loads(row["results"]) if row["ready"] else None,
    }


def files_of(connection: sqlite3.Connection, analysis_id: str) -> list[Document]:
    rows = connection.execute(
        "SELECT analysis_id AS analysis, description, format, id, name,"
        " id || '-' || name AS name_on_disk, size, uploaded_at"
        " FROM analysis_files WHERE analysis_id = ? ORDER BY id",
        (analysis_id,),
    )
    return [dict(each) for each in rows]


def results_in(body: bytes, *, wants_files: bool) -> str:
    """Return the results in a body, as JSON."""
    try:
        members = json.loads(body.decode())
        if not isinstance(members, dict):
            raise HTTPException(400, "The body must be an object")
        results = members["results"]
        if wants_files and members["files"] != []:
            raise HTTPException(422, "files must be an empty list")
        if not isinstance(results, dict) or depth(results) > DEEPEST:
            raise HTTPException(422, "results must be an object of no more than 200 levels")
        return json.dumps(results, allow_nan=False)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body must be JSON") from None
    except KeyError as missing:
        raise HTTPException(422, f"{missing} is required") from None


def depth(value: object) -> int:
    levels, level = 0, [value]
    while level := [
        item
        for each in level
        if isinstance(each, dict | list)
        for item in (each.values() if isinstance(each, dict) else each)
    ]:
        levels += 1
    return levels


def answer(
    content: Document, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer in ASCII: a lone surrogate in results has no UTF-8 form."""
    return Response(json.dumps(content), status, headers, "application/json")


def application(analyses: Analyses, api_root: str) -> Starlette:
    async def resource(request: Request) -> Response:
        analysis_id = request.path_params["analysis_id"]
        authorization = request.headers.get("authorization", "")
        body = await request.body()
        if request.method == "PATCH":
            return await run_in_threadpool(analyses.finalize, analysis_id, authorization, body)
        work = analyses.remove if request.method == "DELETE" else analyses.get
        return await run_in_threadpool(work, analysis_id, authorization)

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer({"message": error.detail}, error.status_code, error.headers)

    path = f"{api_root}/analyses/{{analysis_id}}"
    return Starlette(
        routes=[Route(path, resource, methods=["GET", "PATCH", "DELETE"])],
        exception_handlers={HTTPException: refused},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--api-root", default="/api")
    parser.add_argument("--bearer", action="store_true", help="tokens in place of HTTP Basic")
    parser.add_argument("--integer-ids", action="store_true")
    parser.add_argument("--no-remove", action="store_true")
    parser.add_argument("--want-files", action="store_true", help="in a finalize body")
    parser.add_argument("--lose-results", action="store_true", help="a fault: results stay empty")
    options = parser.parse_args()
    analyses = Analyses(options.db, bearer if options.bearer else basic, options)
    app = application(analyses, options.api_root)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", options.port))
        listener.listen()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # noqa: T201 - who starts it reads that
        config = uvicorn.Config(app, log_level="error", timeout_keep_alive=120)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
