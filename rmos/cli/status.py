"""`rmos status`: the health of the store on one screen."""

import contextlib
from collections import Counter
from typing import Any

import click
from flask.cli import with_appcontext

from rmos import ids
from rmos.checks.last_verify import read_last_verify
from rmos.checks.verify import Report, verify_store
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.findings import describe_quarantine, list_unchecked
from rmos.cli.opening import count_runs, open_for_reading, workers_for
from rmos.cli.output import RULE, emit, json_option, progress, say
from rmos.context import current_rmos
from rmos.counts import count_of
from rmos.errors.base import RmosError
from rmos.errors.installation import ConfigError
from rmos.index.base import INDEX_ERRORS
from rmos.objects.base import Objects, Probeable
from rmos.store import Store
from rmos.store.heartbeat import describe_differences
from rmos.store.tokens import TokenRecord, token_state

_LINES = {
    "orphan_artifacts": "Runs that the index does not know",
    "missing_artifacts": "Runs whose file is gone",
    "partition_mismatches": "Runs in a wrong folder or under a wrong name",
    "deserialize_failures": "Runs that are corrupt or cannot be decoded",
}


@click.command("status")
@click.option("--quick", is_flag=True, help="Judge by digests alone: decode no artifact and hash no blob.")
@click.option("--probe", is_flag=True, help="First test that the bucket keeps what a record needs.")
@json_option
@with_appcontext
def status(quick: bool, probe: bool, as_json: bool) -> int:
    """Show the health of the store on one screen.

    Verifies the whole store as `rmos verify` does and counts what it found;
    `rmos verify` lists it. Says how much space is left, how many tokens are
    in force and when the store was last verified as a whole. Creates and
    changes nothing. `--probe` makes objects below `_probe/` in the bucket,
    tries to replace and to spoil them, and deletes them again.

    \b
    Exit codes: 0 HEALTHY, 1 NEEDS_ATTENTION, 2 usage, 10 no store there,
    12 the storage did not answer, 130 interrupted.
    """
    store = open_for_reading()
    bucket = describe_bucket(store.objects, probe=probe)
    runs = count_runs(store)
    with progress("Verifying", runs) as advance:
        report = verify_store(store, strict=not quick, quick=quick, workers=workers_for(store, runs), progress=advance)
    health = {**_health(report), **_surroundings(store), **bucket, **_list_hosts(store)}
    if as_json:
        emit(health)
    else:
        _say_health(health, list_unchecked(strict=not quick, quick=quick, since=None))
    return DONE if report.ok else FINDINGS


def describe_bucket(objects: Objects, *, probe: bool) -> dict[str, Any]:
    """Return what is known of a bucket; nothing of a folder.

    Raises:
        ConfigError: a folder is to be probed.
        StoreUnusable: the bucket does not keep what a record needs.
    """
    if not isinstance(objects, Probeable):
        if probe:
            raise ConfigError("--probe tests a bucket, and RMOS_RUNS_DIR names a folder.")
        return {}
    tried = objects.probe() if probe else None
    return {"bucket": {"creates_tried": tried, "keeps_versions": objects.keeps_versions()}}


def _list_hosts(store: Store) -> dict[str, Any]:
    """Return the processes that serve the record and in what they differ; nothing where all are on this machine."""
    if store.index.hosts is None:
        return {}
    try:
        seen = store.heartbeat.list_hosts()
    except INDEX_ERRORS as error:
        return {"hosts": None, "host_differences": [error.detail]}
    return {"hosts": [host._asdict() for host in seen], "host_differences": describe_differences(seen, None)}


def _say_hosts(health: dict[str, Any]) -> None:
    for host in health.get("hosts") or []:
        clock = f"clock {host['skew_s']:+.1f} s"
        say(
            f"Serving: {host['host']}, pid {host['pid']}, release {host['release']}, {clock}, {host['age_s']:.0f} s ago"
        )
    for difference in health.get("host_differences", []):
        say(f"Note: {difference}.")


def _health(report: Report) -> dict[str, Any]:
    return {
        "store_root": report.store_root,
        "index_exists": report.index_exists,
        "indexed_runs": report.indexed_runs,
        **{name: len(getattr(report, name)) for name in _LINES},
        "quarantined": len(report.quarantined),
        "findings": dict(sorted(Counter(found.kind for found in report.findings).items())),
        "strict_deserialize": report.strict_deserialize,
        "overall": "HEALTHY" if report.ok else "NEEDS_ATTENTION",
    }


def _surroundings(store: Store) -> dict[str, Any]:
    """Return what a verify does not look at: space, callers, and the verify before this one."""
    now_us = ids.now_us()

    def is_in_force(record: TokenRecord) -> bool:
        return record.token is not None and token_state(record.token, now_us) == "in force"

    found: dict[str, Any] = {"free_bytes": None, "tokens_in_force": None, "last_verify": None}
    # What the disk does not say is not known; the verdict above stands without it.
    with contextlib.suppress(OSError, RmosError):
        found["last_verify"] = _read_last_verify(store)
        found["free_bytes"] = store.objects.free_bytes()
        records = store.tokens.list_all()
        if not any(record.is_unavailable for record in records):
            found["tokens_in_force"] = sum(is_in_force(record) for record in records)
    return found


def _read_last_verify(store: Store) -> dict[str, Any] | None:
    note = read_last_verify(current_rmos().settings.instance_path, store.objects.root)
    return None if note is None else {"at_utc": note.at_utc, "ok": note.ok, "findings": sum(note.findings.values())}


def _describe_verify(last: dict[str, Any] | None) -> str:
    if last is None:
        return "none of the whole store since it was set up here"
    came_to = "OK" if last["ok"] else count_of(last["findings"], "finding")
    return f"{last['at_utc'][:16].replace('T', ' ')} UTC, {came_to}"


def _say_health(health: dict[str, Any], open_ends: list[str]) -> None:
    say(RULE)
    say("RMOS Runs Store Health Report")
    say(RULE)
    say(f"Store root: {health['store_root']}")
    say(f"Index exists: {'Yes' if health['index_exists'] else 'No'}")
    say(f"Indexed runs: {health['indexed_runs']}")
    for name, words in _LINES.items():
        say(f"{words}: {health[name]}")
    say(f"In quarantine: {health['quarantined']}")
    if health["free_bytes"] is not None:
        say(f"Space left: {health['free_bytes'] / 1e9:.1f} GB")
    tokens = health["tokens_in_force"]
    if tokens is not None:
        say(f"Tokens in force: {'none, so this machine only is served' if tokens == 0 else tokens}")
    say(f"Last verify: {_describe_verify(health['last_verify'])}")
    bucket = health.get("bucket", {})
    if bucket.get("creates_tried"):
        say(f"Bucket: tested; of {bucket['creates_tried']} creates none replaced an object, altered bytes were refused")
    if bucket.get("keeps_versions"):
        say("Note: erased runs are kept by the bucket's versions until its lifecycle removes them.")
    _say_hosts(health)
    if health["findings"]:
        say(f"Findings: {', '.join(f'{kind} {number}' for kind, number in health['findings'].items())}")
        say("Next: `rmos verify` lists them and says what to do about each.")
    if health["quarantined"]:
        say(f"Note: {describe_quarantine(health['quarantined'])}.")
    if open_ends:
        say(f"Note: as far as it was looked at: {'; '.join(open_ends)}.")
    say(f"Overall: {health['overall']}")
    say(RULE)
