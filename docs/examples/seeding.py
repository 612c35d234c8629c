"""Provider states as rows of a SQL database: the one module that knows the server's tables.

For throw-away databases only; never run it against one in production.
"""

import hashlib
import json
import secrets
import sqlite3
import string
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

OWNER: Final = "contract-suite"
"""The user that every row made here belongs to; teardown deletes rows of no other user."""


def answer(database: Path, message: str | bytes) -> dict[str, Any]:
    """Carry out one message of the suite; what goes wrong is said in the answer."""
    try:
        asked = json.loads(message)
        change = CHANGES.get((asked["action"], asked["state"]))
        if change is None:
            return {"error": "unknown state"}
        with closing(connect(database)) as connection, connection:
            return change(connection, asked.get("params", {}))
    except Exception as error:  # noqa: BLE001 - whatever it is, the suite is told
        return {"error": f"{type(error).__name__}: {error}"}


def connect(database: Path) -> sqlite3.Connection:
    """Open a database that exists; leaving `with connection` commits, an exception rolls back."""
    connection = sqlite3.connect(
        f"{database.resolve().as_uri()}?mode=rw", uri=True, timeout=10, isolation_level="IMMEDIATE"
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = OFF")  # no waiting for the disk: it is thrown away
    return connection


def add_analysis(connection: sqlite3.Connection, params: Mapping[str, Any]) -> dict[str, Any]:
    """Make a pending analysis and the job that runs it."""
    analysis_id, now = new_id(), datetime.now(UTC).isoformat()
    job = add_job(connection, {"analysis_id": analysis_id})
    sample_id = sample_of(connection, params.get("sample_of")) or add_sample(connection)
    connection.execute(
        "INSERT INTO analyses (id, created_at, workflow, sample_id, index_id, user_id, ready)"
        " VALUES (?, ?, 'pathoscope_bowtie', ?, 'qldihken', ?, 0)",
        (analysis_id, now, sample_id, OWNER),
    )
    connection.execute("INSERT INTO analysis_subtractions VALUES (?, 'yhxoynb0')", (analysis_id,))
    if params.get("files"):
        connection.execute(
            "INSERT INTO analysis_files (analysis_id, name, format, size, uploaded_at)"
            " VALUES (?, 'results.fa', 'fasta', 20466, ?)",
            (analysis_id, now),
        )
    return {"analysis_id": analysis_id, **job}


def add_job(connection: sqlite3.Connection, params: Mapping[str, Any]) -> dict[str, Any]:
    """Make a job. The server keeps a hash of its key, the suite gets the key."""
    job_id, key = new_id(), secrets.token_hex(16)
    connection.execute("INSERT OR IGNORE INTO users (id) VALUES (?)", (OWNER,))
    connection.execute(
        "INSERT INTO jobs (id, analysis_id, key_hash, user_id) VALUES (?, ?, ?, ?)",
        (job_id, params.get("analysis_id"), hashlib.sha256(key.encode()).hexdigest(), OWNER),
    )
    return {"job_id": job_id, "job_key": key}


def add_sample(connection: sqlite3.Connection) -> str:
    """Make a sample."""
    sample_id = new_id()
    connection.execute(
        "INSERT INTO samples (id, name, user_id) VALUES (?, ?, ?)",
        (sample_id, f"Sample {sample_id}", OWNER),
    )
    return sample_id


def sample_of(connection: sqlite3.Connection, analysis_id: str | None) -> str | None:
    """Look up the sample of an analysis that was made here."""
    row = connection.execute(
        "SELECT sample_id FROM analyses WHERE id = ? AND user_id = ?", (analysis_id, OWNER)
    ).fetchone()
    return row and str(row[0])


def remove_analysis(connection: sqlite3.Connection, params: Mapping[str, Any]) -> dict[str, Any]:
    """Delete an analysis, which may have been removed already, with its job and its sample."""
    made = (params["analysis_id"], OWNER)
    connection.execute("DELETE FROM analyses WHERE id = ? AND user_id = ?", made)
    connection.execute("DELETE FROM jobs WHERE analysis_id = ? AND user_id = ?", made)
    connection.execute(
        "DELETE FROM samples WHERE user_id = ? AND id NOT IN (SELECT sample_id FROM analyses)",
        (OWNER,),
    )
    return {}


def remove_job(connection: sqlite3.Connection, params: Mapping[str, Any]) -> dict[str, Any]:
    """Delete a job."""
    connection.execute("DELETE FROM jobs WHERE id = ? AND user_id = ?", (params["job_id"], OWNER))
    return {}


def new_id() -> str:
    """Make an id as the server makes them."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))


CHANGES: Final[dict[tuple[str, str], Callable[..., dict[str, Any]]]] = {
    ("setup", "a pending analysis"): add_analysis,
    ("teardown", "a pending analysis"): remove_analysis,
    ("setup", "a job that runs no analysis"): add_job,
    ("teardown", "a job that runs no analysis"): remove_job,
}
