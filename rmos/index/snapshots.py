"""Reading the index without leaving a trace, also on a read-only mount.

SQLite wants its `-shm` file to read a WAL database. When a service runs, both side files are there and a read-only
connection joins. When neither is there, nobody writes and the file is read as it is. In between (a crash left a WAL, or
the folder cannot be written) file and WAL are copied to a temporary folder and read there, so that verifying creates
nothing in the store.
"""

import os
import shutil
import sqlite3
import tempfile
from pathlib import Path


def open_read_only(path: str) -> sqlite3.Connection:
    """Open a SQLite file for reading only; nothing is created beside it.

    Raises:
        sqlite3.Error: as SQLite says.
    """
    has_wal, has_shm = os.path.exists(path + "-wal"), os.path.exists(path + "-shm")
    if has_wal and has_shm and os.access(path + "-shm", os.W_OK):
        return _connect(path, "mode=ro")
    if not has_wal:
        return _connect(path, "mode=ro&immutable=1")
    with tempfile.TemporaryDirectory(prefix="rmos-index-") as folder:
        copy = os.path.join(folder, "index.sqlite")
        shutil.copyfile(path, copy)
        shutil.copyfile(path + "-wal", copy + "-wal")
        connection = _connect(copy, "mode=rw")
        # Opened: the files may lose their names now, and vanish with the connection.
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _connect(path: str, options: str) -> sqlite3.Connection:
    uri = f"{Path(path).absolute().as_uri()}?{options}"
    # Used by one thread, but whichever thread finds it forgotten closes it.
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10, check_same_thread=False)
