"""What one process does, broken off at each of its system calls in turn: the call fails, or is the last.

    hits = EachCall(server, tmp_path, arguments).break_off("EIO", judge, wanted)

It begins each time in a fresh copy of what stands in `template`, as it is when this is made.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from tests.faults.tracing import READS, WRITES, Call, Outcome, PutServer, at, record_calls
from tests.trying import some_of

FAULTS: Final = {
    "EIO": ("error=EIO", WRITES | READS),
    "ENOSPC": ("error=ENOSPC", WRITES - {"close", "unlink", "unlinkat", "fchmod"}),
    "SIGKILL": ("signal=SIGKILL", WRITES | READS),
}
"""What happens, and to which calls it may."""


class Hits(NamedTuple):
    """How many calls were to be hit, and how many were."""

    calls: int
    hit: int


class EachCall:
    """A command of the put server, given by its arguments, in `work`, a copy of `template` in the same folder."""

    def __init__(self, server: PutServer, folder: Path, arguments: list[str | Path]) -> None:
        self._server = server
        self._arguments = arguments
        self._template, self._work, self._trace = folder / "template", folder / "work", folder / "trace"

    def break_off(
        self, fault: str, judge: Callable[[Outcome], None], wanted: Callable[[Call], bool] = lambda _: True
    ) -> Hits:
        """Break it off at each call that is wanted, a part of them in a plain run; `judge` demands what holds then."""
        what, names = FAULTS[fault]
        self._begin_anew()
        found = record_calls(self._server, self._arguments, self._work, self._trace)
        calls = some_of([call for call in found if call.name in names and wanted(call)], list(FAULTS).index(fault))
        failures, hit = [], 0
        for call in calls:
            self._begin_anew()
            outcome = self._server.run(self._arguments, at(call, what, self._trace))
            hit += outcome.status == -9 if fault == "SIGKILL" else "(INJECTED)" in self._trace.read_text()
            try:
                assert fault == "SIGKILL" or outcome.status in (0, 1), f"it crashed: {outcome.errors[-900:]}"
                judge(outcome)
            except AssertionError as error:
                failures.append(f"{call.name} no. {call.nth}, {call.text[:160]}\n{error}")
        assert not failures, f"{len(failures)} of {len(calls)} points:\n" + "\n\n".join(failures)
        assert hit > len(calls) // 2
        return Hits(len(calls), hit)

    def _begin_anew(self) -> None:
        shutil.rmtree(self._work, ignore_errors=True)
        shutil.copytree(self._template, self._work)
