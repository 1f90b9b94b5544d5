"""Every system call of one put fails in turn, or is its last: what was acknowledged stays, nothing torn is seen.

The calls are those of a put in a process of its own, from opening the store to closing the index, as strace recorded
them; each is then hit in a fresh copy of the same store. A kill comes before the call is carried out, so that each
stands for "after the one before it".
"""

import shutil
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.faults import judging, records
from tests.faults.conftest import Announce
from tests.faults.tracing import READS, WRITES, Call, Outcome, PutServer, at, record_calls
from tests.trying import some_of

pytestmark = [pytest.mark.long, pytest.mark.strace, pytest.mark.usefixtures("strace")]

BEFORE, PUT, NEXT = 1, 2, 3
"""The runs that are there already, the one that is hit, and the one that comes after."""
MAY_SUCCEED: Final = frozenset({"unlinkat", "close"})
"""Calls that need not fail a put: debris is swept some other day, and after an fsync a close has nothing to lose."""


class Case(NamedTuple):
    """A store as it is found, and how the put goes about it."""

    there: tuple[int, ...]
    """The runs that were put before; none: not even the folder is there."""
    options: tuple[str, ...] = ()
    calls: frozenset[str] = WRITES | READS
    every: int = 1
    """Which of the calls on the index are hit: all, or every fourth … where other cases have most of them already."""


HIT_ATTEMPTS: Final = 5
"""How often a put is done to hit one call of it."""
CASES: Final = {
    "on an empty folder": Case(there=()),
    "on a prepared store": Case(there=(BEFORE,)),
    "without nameless files": Case(there=(BEFORE,), options=("--no-tmpfile",), every=8),
    "of the same bytes again": Case(there=(BEFORE, PUT), every=4),
    "while the index is made": Case(there=(), options=("--reconcile",), calls=WRITES, every=4),
}
FAULTS: Final = {
    "EIO": ("error=EIO", WRITES | READS),
    "ENOSPC": ("error=ENOSPC", WRITES - {"close", "unlink", "unlinkat", "fchmod"}),
    "SIGKILL": ("signal=SIGKILL", WRITES | READS),
}


class Bench:
    """A folder in which the same put is done over and over, each time in a fresh copy of the same store."""

    def __init__(self, folder: Path, server: PutServer, case: Case) -> None:
        self.server = server
        self.case = case
        self.work = folder / "work"
        self.store = self.work / "store"
        self.trace = folder / "trace"
        self._template = folder / "template"
        self._template.mkdir()
        for number in case.there:
            assert server.run([self._template / "store", str(number), "--reconcile"]).acknowledged(number)

    def arguments(self, number: int, *options: str) -> list[str | Path]:
        """Return the arguments of a put."""
        return [self.store, str(number), *options]

    def calls(self) -> list[Call]:
        """Return the calls of an undisturbed put that are to be hit."""
        found = [call for call in self.record() if call.name in self.case.calls]
        on_index = [call for call in found if call.on_index]
        return [call for call in found if not call.on_index or on_index.index(call) % self.case.every == 0]

    def record(self) -> list[Call]:
        """Return all calls of an undisturbed put on the store."""
        self.reset()
        return record_calls(self.server, self.arguments(PUT, *self.case.options), self.work, self.trace)

    def reset(self) -> None:
        """Make the store as it was again."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self._template, self.work)

    def hit(self, call: Call, fault: str) -> Outcome:
        """Do the put with one call of it hit.

        Memory is mapped for the interpreter too, now and then, in the recorded put or in this one, which moves the
        number of a call: then it is recorded and done again, and the call is the one in the same `place` on the store.
        """
        for _ in range(HIT_ATTEMPTS):
            self.reset()
            outcome = self.server.run(self.arguments(PUT, *self.case.options), at(call, fault, self.trace))
            if not fault.startswith("error=") and outcome.status == -9:
                return outcome
            if "(INJECTED)" in self.trace.read_text():
                assert outcome.status in (0, 1), f"it crashed: {outcome.errors[-600:]}"
                return outcome
            call = next(found for found in self.record() if (found.name, found.place) == (call.name, call.place))
        raise AssertionError("the put went another way than the recorded one")

    def judge(self, call: Call, fault: str, outcome: Outcome) -> None:
        """Demand that the record is whole now, and that the next puts and a reconcile go on from here."""
        acknowledged = outcome.acknowledged(PUT)
        assert judging.whole_runs(self.store) <= {records.run_id(number) for number in (BEFORE, PUT)}
        judging.demand_runs(self.store, {*self.case.there, PUT} if acknowledged else self.case.there)
        if fault.startswith("error="):
            assert acknowledged or outcome.refusals
            assert acknowledged or not call.on_index, f"an index that fails is no reason to refuse: {outcome}"
            assert not acknowledged or call.on_index or call.changed_nothing or call.name in MAY_SUCCEED
            self.judge_code(call, fault, outcome)
        for number in (PUT, NEXT):
            again = self.server.run(self.arguments(number, *self.case.options))
            assert again.acknowledged(number), again
        judging.demand_runs(self.store, [*self.case.there, PUT, NEXT])
        judging.demand_agreement(self.store)

    @staticmethod
    def judge_code(call: Call, fault: str, outcome: Outcome) -> None:
        """Demand that a refusal names its reason."""
        if "ENOSPC" in fault and not call.on_index:
            assert outcome.refusals == ["OUT_OF_SPACE"]
        assert set(outcome.refusals) <= {"OUT_OF_SPACE", "STORAGE_FAILED", "STORAGE_UNAVAILABLE", "STORE_UNUSABLE"}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("case", CASES)
def test_one_call_that_fails_or_is_the_last_loses_nothing_and_tears_nothing(
    tmp_path: Path, server: PutServer, announce: Announce, case: str, fault: str
) -> None:
    what, names = FAULTS[fault]
    bench = Bench(tmp_path, server, CASES[case])
    calls = [call for call in bench.calls() if call.name in names and not (fault == "ENOSPC" and call.changed_nothing)]
    assert len(calls) > 8
    calls = some_of(calls, list(FAULTS).index(fault))
    failures = []
    acknowledged = 0
    for call in calls:
        try:
            outcome = bench.hit(call, what)
            acknowledged += outcome.acknowledged(PUT)
            bench.judge(call, what, outcome)
        except AssertionError as error:
            failures.append(f"{call.name} no. {call.nth}, {call.text[:160]}\n{error}")
    announce(f"one put {case}: {len(calls)} calls x {fault}, {acknowledged} times acknowledged all the same")
    assert not failures, f"{len(failures)} of {len(calls)} points:\n" + "\n\n".join(failures)
