"""What one connection answered before, for as long as nothing is written to its file.

    cache = QueryCache()
    cache.answer(connection, question, lambda: connection.execute(text, values).fetchone())

A dashboard asks for the same few pages again and again, and in a shop most of the time nothing happens between two of
them. Whether something did is SQLite's to say: `PRAGMA data_version` changes with every commit of another connection,
`total_changes` with every row that this one changed.
"""

import sqlite3
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

T = TypeVar("T")

MAX_ANSWERS: Final = 8
"""Answers for each connection; a page of 50 runs is 25 kB."""


class QueryCache:
    """The last few answers of one connection, which one thread uses; whoever gets one must not change it."""

    def __init__(self) -> None:
        self._version: tuple[int, int] | None = None
        self._answers: dict[Hashable, Any] = {}

    def answer(self, connection: sqlite3.Connection, question: Hashable, ask: Callable[[], T]) -> T:
        """Return the answer to a question: that of before, or a new one when anything was written since.

        Args:
            question: all that `ask` reads but the file: the statement and its values.
        """
        # Before the asking: what is written in between makes the next one ask again.
        version = (connection.execute("PRAGMA data_version").fetchone()[0], connection.total_changes)
        if version != self._version:
            self._answers.clear()
            self._version = version
        if question in self._answers:
            answer: T = self._answers[question]
            return answer
        answer = ask()
        if len(self._answers) == MAX_ANSWERS:
            del self._answers[next(iter(self._answers))]
        self._answers[question] = answer
        return answer
