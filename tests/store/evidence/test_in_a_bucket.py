"""The log of evidence of a record in a bucket: creating and listing are all that it needs."""

from pathlib import Path

import pytest

from rmos.checks.evidence import check_evidence
from rmos.checks.findings import NOT_FAULTS
from rmos.checks.log import EvidenceTrust
from rmos.services.evidence import append_log, start_log
from rmos.store import Store, layout
from rmos.store.evidence.objects import LogObjects
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from tests.helpers.buckets import open_bucket
from tests.helpers.memory_index import MemoryDatabase, MemoryIndex
from tests.helpers.s3_server import BUCKET, BucketServer
from tests.makers import ANNA, US, make_members, summarise
from tests.store.writing import DAY, add, put


def find_faults(store: Store, trust: EvidenceTrust) -> list[tuple[str, str]]:
    found = check_evidence(store.objects, trust).findings
    return [(finding.kind, finding.path) for finding in found if finding.kind not in NOT_FAULTS]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_two_hosts_record_stands_in_one_log_once_and_what_is_altered_or_gone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """The host with the key appends; the other one only records."""
    database = MemoryDatabase()
    with BucketServer(tmp_path / "server") as server:
        one, two = (
            Store(
                open_bucket(server.url, BUCKET, tmp_path / name, monkeypatch, prefix="shop"),
                MemoryIndex(database),
                summarise=summarise,
            )
            for name in ("one", "two")
        )
        one.objects.prepare()
        one.reconcile()
        before = put(one)
        key_file = KeyFile(tmp_path / KEY_FILE)
        key = start_log(one, key_file, origin="shop.example/evidence", actor=ANNA, us=US, workers=workers).verifier_key
        runs = [before, *(put(two, US + number) for number in range(1, 4))]
        add(two, runs[1])
        one.runs.put(make_members(US + 9))
        append_log(one, key_file, us=US + 10, workers=workers)
        append_log(one, key_file, us=US + 11, workers=workers)

        trust = EvidenceTrust((key,))
        assert find_faults(two, trust) == []
        log = LogObjects(two.objects)
        logged = [entry.key for number in log.list_batches() for entry in log.read_batch(number).entries()]
        assert len(logged) == len(set(logged))
        assert {layout.artifact_key(DAY, run_id) for run_id in runs} < set(logged)
        assert layout.event_key(DAY, runs[1], 1) in logged

        altered, gone = (server.folder / "shop" / layout.artifact_key(DAY, run_id) for run_id in runs[2:])
        altered.write_bytes(altered.read_bytes() + b"\n")
        gone.unlink()
        assert {path for _, path in find_faults(two, trust)} == {layout.artifact_key(DAY, run) for run in runs[2:]}
