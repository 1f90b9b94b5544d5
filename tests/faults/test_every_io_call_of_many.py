"""Every system call of a put of many runs fails in turn, or is its last: what was acknowledged stays, nothing is torn.

As `test_every_io_call` does it with one run. The fsyncs that a pool of threads makes at once are made one after the
other here, so that each is a call with a number; their order decides nothing, for no file has a name by then.
"""

import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.faults import judging, records
from tests.faults.conftest import Announce
from tests.faults.tracing import WRITES, Call, Outcome, PutServer, at, record_calls
from tests.trying import some_of

pytestmark = [pytest.mark.long, pytest.mark.strace, pytest.mark.usefixtures("strace")]

BEFORE, FIRST, COUNT = 1, 2, 5
TOGETHER: Final = range(FIRST, FIRST + COUNT)
HIT_ATTEMPTS: Final = 5
FAULTS: Final = {"EIO": "error=EIO", "ENOSPC": "error=ENOSPC", "SIGKILL": "signal=SIGKILL"}
OF_SPACE: Final = frozenset({"openat", "write", "fsync", "linkat", "link", "mkdir"})
"""Calls that a full disk can refuse."""
CODES: Final = {"OUT_OF_SPACE", "STORAGE_FAILED", "STORE_READ_ONLY", "STORAGE_UNAVAILABLE", "STORE_UNUSABLE"}


class Bench:
    """A folder in which the same put is done over and over, each time in a fresh copy of the same store."""

    def __init__(self, folder: Path, server: PutServer, options: tuple[str, ...]) -> None:
        self.server = server
        self.work, self.trace, self._template = folder / "work", folder / "trace", folder / "template"
        self.store = self.work / "store"
        self._options = options
        self._template.mkdir()
        assert server.run([self._template / "store", str(BEFORE), "--reconcile"]).acknowledged(BEFORE)

    def put(self, tracer: "tuple[Call, str] | None" = None) -> Outcome:
        return self.server.run(self._arguments(), at(*tracer, self.trace) if tracer else None)

    def _arguments(self) -> list[str | Path]:
        return [self.store, str(FIRST), "--together", str(COUNT), "--in-line", *self._options]

    def reset(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self._template, self.work)

    def record(self) -> list[Call]:
        """Return the calls of an undisturbed put that are to be hit: all on the record, few on the index."""
        self.reset()
        found = record_calls(self.server, self._arguments(), self.work, self.trace)
        return [
            call for place, call in enumerate(found) if call.name in WRITES and (not call.on_index or not place % 8)
        ]

    def hit(self, call: Call, fault: str) -> Outcome:
        """Do the put with one call of it hit; done again when the number of the call has moved."""
        for _ in range(HIT_ATTEMPTS):
            self.reset()
            outcome = self.put((call, fault))
            if outcome.status == -9 and fault.startswith("signal"):
                return outcome
            if "(INJECTED)" in self.trace.read_text():
                assert outcome.status in (0, 1), f"it crashed: {outcome.errors[-600:]}"
                return outcome
        raise AssertionError("the put went another way than the recorded one")

    def judge(self, call: Call, outcome: Outcome) -> int:
        """Demand that the record is whole now, that the same put completes it; return how many were acknowledged."""
        acknowledged = [number for number in TOGETHER if outcome.acknowledged(number)]
        assert judging.whole_runs(self.store) <= {records.run_id(number) for number in (BEFORE, *TOGETHER)}
        judging.demand_runs(self.store, [BEFORE, *acknowledged])
        assert set(outcome.refusals) <= CODES
        if outcome.status == 0:
            assert len(acknowledged) + len(outcome.refusals) == COUNT
        if call.name == "fsync" and not call.on_index and outcome.refusals and "OUT_OF_SPACE" not in outcome.refusals:
            assert not acknowledged, "a failed fsync may have taken the pages of the others with it"
        again = self.put()
        assert all(again.acknowledged(number) for number in TOGETHER), again
        judging.demand_runs(self.store, [BEFORE, *TOGETHER])
        judging.demand_agreement(self.store)
        return len(acknowledged)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("options", [(), ("--no-tmpfile",)], ids=["nameless files", "temporary names"])
def test_one_call_that_fails_or_is_the_last_loses_nothing_and_tears_nothing(
    tmp_path: Path, server: PutServer, announce: Announce, options: tuple[str, ...], fault: str
) -> None:
    bench = Bench(tmp_path, server, options)
    calls = [
        call
        for call in bench.record()
        if fault != "ENOSPC" or (call.name in OF_SPACE and not call.changed_nothing and not call.on_index)
    ]
    assert sum(call.name == "fsync" for call in calls) >= COUNT + 1
    calls = some_of(calls, list(FAULTS).index(fault))
    failures, acknowledged = [], 0
    for call in calls:
        try:
            acknowledged += bench.judge(call, bench.hit(call, FAULTS[fault]))
        except AssertionError as error:
            failures.append(f"{call.name} no. {call.nth}, {call.text[:160]}\n{error}")
    announce(f"{COUNT} runs together: {len(calls)} calls x {fault}, {acknowledged} runs acknowledged all the same")
    assert not failures, f"{len(failures)} of {len(calls)} points:\n" + "\n\n".join(failures)
