"""docs/cluster.md: its lines are run as they are printed, and each of its promises has tests."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.nginx import ROOT, find_nginx
from tests.helpers.postgres import PostgresServer

PAGE: Final = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
LINES: Final = re.findall(r"```sh\n(.*?)```", PAGE.split("## Try it on one machine\n")[1].split("\n## ")[0], re.DOTALL)
WAIT: Final = "for port in 8000 8001; do until curl -sf 127.0.0.1:$port/readyz; do sleep 0.2; done; done > try/ready\n"
"""Who types the lines waits until both hosts have said where they are."""
PATIENCE_S: Final = 240


@pytest.fixture
def database() -> Iterator[PostgresServer]:
    """Return a PostgreSQL of one's own."""
    server = PostgresServer(18).start()
    yield server
    server.close()


def choose_ports(text: str) -> dict[str, str]:
    """Return a free port for each that a text names."""
    sockets = {port: socket.create_server(("127.0.0.1", 0)) for port in sorted(set(re.findall(r"\b[89]\d{3}\b", text)))}
    chosen = {port: str(listening.getsockname()[1]) for port, listening in sockets.items()}
    for listening in sockets.values():
        listening.close()
    return chosen


@pytest.mark.long
@pytest.mark.nginx
@pytest.mark.curl
def test_of_two_hosts_one_is_killed_and_nothing_is_missed(tmp_path: Path, database: PostgresServer) -> None:
    script = "set -e\n" + "".join([*LINES[:2], WAIT, *LINES[2:]])
    (tmp_path / "deploy").mkdir()
    (tmp_path / "devtools").symlink_to(ROOT / "devtools")
    config = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for port, chosen in choose_ports(script).items():
        script = re.sub(rf"\b{port}\b", chosen, script)
        config = config.replace(f"127.0.0.1:{port}", f"127.0.0.1:{chosen}")
    (tmp_path / "deploy" / "nginx.conf").write_text(config)
    programs = (Path(sys.executable).parent, database.programs, Path(find_nginx()).parent)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RMOS_", "AWS_", "PG"))}
    path = os.pathsep.join([*map(str, programs), inherited["PATH"]])
    with open(tmp_path / "said", "wb") as said:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=tmp_path,
            env={**inherited, "PATH": path, "PGHOST": str(database.folder), "PGUSER": "rmos", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=PATIENCE_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what the lines have started, and not ended
    told = (tmp_path / "said").read_text(encoding="utf-8", errors="replace")
    assert code == 0, told
    assert told.count('"status":"created","run_status":"OK","risk_level":"GREEN"') == 8
    assert '"total":8' in told
    assert "not quite well" not in told
    assert "psycopg" not in told
    assert told.count("OK: the record is whole.") == 2
    assert re.search(r"^Copied \d+ objects \(.*runs 8, ", told, re.MULTILINE), told


PROMISES: Final = {
    "object storage is slow, answers 5xx, or an answer is lost": (
        ("objects/test_s3_outcomes.py", "test_one_fault_in_any_request_of_an_operation_is_overcome"),
        (
            "objects/test_s3_outcomes.py",
            "test_faults_without_end_from_any_request_on_are_told_in_time_and_nothing_is_wrong_afterwards",
        ),
        (
            "faults/test_outages.py",
            "test_a_storage_that_loses_answers_holds_each_run_once_and_one_that_says_nothing_is_told_in_time",
        ),
    ),
    "object storage is away": (
        (
            "faults/test_outages.py",
            "test_a_storage_that_is_away_is_told_at_once_while_lists_go_on_and_is_found_when_it_was_said_to",
        ),
        ("faults/test_outages.py", "test_the_index_and_the_storage_are_each_away_for_a_minute"),
        (
            "auth/test_callers.py",
            "test_a_host_whose_object_storage_is_away_goes_on_with_what_it_read_last_and_not_for_ever",
        ),
    ),
    "the bucket is gone, it is the wrong server, permission is lacking": (
        ("faults/test_outages.py", "test_a_bucket_that_is_gone_or_closed_or_another_server_makes_no_run_missing"),
        ("store/test_in_a_bucket.py", "test_a_bucket_that_is_gone_damages_nothing_and_marks_nothing"),
        (
            "objects/test_s3_not_s3.py",
            "test_a_bucket_that_is_not_there_is_said_so_at_the_start_and_makes_nothing_missing_later",
        ),
    ),
    "PostgreSQL is away": (
        (
            "faults/test_outages.py",
            "test_a_database_that_is_away_keeps_no_run_from_being_recorded_and_lists_it_when_it_is_back",
        ),
        ("faults/test_outages.py", "test_the_index_and_the_storage_are_each_away_for_a_minute"),
        ("index/test_postgres_live.py", "test_a_server_that_takes_questions_and_answers_none_is_away_and_comes_back"),
    ),
    "PostgreSQL fails over, is restored from a dump, or is wiped": (
        (
            "faults/test_outages.py",
            "test_a_database_that_was_wiped_or_restored_lists_only_when_all_names_were_compared",
        ),
        ("index/test_postgres_live.py", "test_a_standby_that_took_over_is_another_index_with_the_same_rows"),
    ),
    "a host dies in the midst of a write": (
        ("store/test_seen.py", "test_what_a_host_wrote_that_died_comes_in_once_its_writer_cannot_be_at_work"),
        ("store/test_over_postgres.py", "test_what_a_host_that_died_has_left_comes_in_and_lists_close_only_for_many"),
        ("faults/test_two_hosts.py", "test_nothing_that_was_acknowledged_is_lost_or_there_twice"),
    ),
    "a host is cut off from PostgreSQL": (
        (
            "faults/test_outages.py",
            "test_a_host_that_is_cut_off_from_the_database_alone_records_and_the_other_one_lists_it",
        ),
        ("faults/test_two_hosts.py", "test_a_host_that_is_cut_off_from_the_database_is_seen_by_the_other_one"),
    ),
    "a host is cut off from object storage": (
        (
            "faults/test_outages.py",
            "test_a_host_that_is_cut_off_from_the_storage_alone_leaves_the_work_to_the_other_one",
        ),
    ),
    "two hosts write to one record, one key, one limit": (
        ("store/test_hosts_race.py", "test_events_of_one_run_get_each_number_once_and_none_is_left_out"),
        ("store/test_hosts_race.py", "test_one_key_stands_for_one_run_whoever_asks_and_another_body_is_refused"),
        ("store/test_hosts_race.py", "test_a_limit_is_that_of_all_hosts_together"),
    ),
    "the holder of the index lock stops or is cut off": (
        (
            "store/test_over_postgres.py",
            "test_a_holder_of_the_lock_that_stops_keeps_nobody_from_work_and_undoes_nothing",
        ),
        ("index/test_postgres_live.py", "test_who_lost_the_lock_declares_nothing_complete"),
        (
            "index/test_contract_tables.py",
            "test_an_older_version_never_wins_a_newer_one_does_and_an_equal_one_refreshes",
        ),
    ),
    "the spool is full or lost": (
        ("api/test_full_spool.py", "test_uploads_alone_are_refused"),
        ("objects/test_s3_blobs.py", "test_a_lost_spool_is_filled_again_and_a_full_one_is_out_of_space"),
    ),
    "versioning is switched on at a server that then replaces objects": (
        (
            "objects/test_s3_probe.py",
            "test_when_versions_appear_and_objects_are_replaced_nothing_is_acknowledged_any_more",
        ),
        (
            "objects/test_s3_probe.py",
            "test_a_bucket_of_ceph_that_is_made_to_keep_versions_later_is_found_out_by_the_next_write",
        ),
    ),
    "a host's clock is wrong": (
        ("api/test_shared_record.py", "test_a_clock_that_is_off_is_told_and_makes_no_ids_when_it_is_far_off"),
    ),
    "bits rot in the bucket": (
        ("checks/test_shared_damages.py", "test_each_damage_is_found_in_a_bucket_too"),
        ("store/test_in_a_bucket.py", "test_work_is_spread_over_threads_and_finds_damage"),
        (
            "store/test_blobs_in_a_bucket.py",
            "test_rot_in_the_bucket_is_found_by_verify_while_the_spool_still_has_the_bytes",
        ),
    ),
}
"""The tests of each promise that the page makes for when something fails."""


def test_each_promise_of_the_page_has_tests() -> None:
    table = PAGE.split("## What is promised when something fails\n\n")[1].split("\n\n")[0]
    assert [row.split("|")[1].strip() for row in table.splitlines()[2:]] == list(PROMISES)
    named = {name for names in PROMISES.values() for name in names}
    texts = {path: (ROOT / "tests" / path).read_text(encoding="utf-8") for path, _ in named}
    assert [(path, test) for path, test in named if f"\ndef {test}(" not in texts[path]] == []
