"""What a durable POST is measured by: a bare Flask view that inserts a row of 8 kB into a database and commits.

It takes the body of a run, reads it as JSON and answers 201 when the row is durable. Which database it is is said by
`BARE_DATABASE`: a connection string of PostgreSQL (`synchronous_commit` is on), or the path of a file for SQLite (WAL,
`synchronous=FULL`). Each thread has a connection of its own.
"""

import json
import os
import sqlite3
import threading
import uuid
from typing import Any, Final

import psycopg
from flask import Flask, Response, request

from benchmarks.hello import NoStore

DATABASE: Final = "BARE_DATABASE"
ROW_BYTES: Final = 8 * 1024
_TABLE: Final = "CREATE TABLE IF NOT EXISTS runs (id text PRIMARY KEY, mode text NOT NULL, record text NOT NULL)"
_own = threading.local()

app = Flask("bare_insert")
app.extensions["rmos"] = NoStore()


def connect(database: str) -> Any:
    """Return a connection that commits durably; the table is there."""
    connection: Any
    if database.startswith("/"):
        connection = sqlite3.connect(database, timeout=60, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
    else:
        connection = psycopg.connect(database, autocommit=True)
    connection.execute(_TABLE)
    return connection


@app.get("/")
def is_ready() -> str:
    """Answer."""
    return "ready"


@app.post("/api/rmos/runs")
def insert() -> Response:
    """Insert one row."""
    database = os.environ[DATABASE]
    if not hasattr(_own, "connection"):
        _own.connection = connect(database)
    body = request.get_json()
    run_id = uuid.uuid4().hex
    text = json.dumps(body).ljust(ROW_BYTES)
    mark = "?" if database.startswith("/") else "%s"
    _own.connection.execute(f"INSERT INTO runs VALUES ({mark}, {mark}, {mark})", (run_id, body["mode"], text))
    return Response(json.dumps({"run_id": run_id}), 201, mimetype="application/json")
