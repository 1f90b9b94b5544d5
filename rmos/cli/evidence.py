"""`rmos evidence`: the log by which anybody can prove that a run was recorded and that none was taken away."""

import base64
from pathlib import Path
from typing import Final

import click
from flask.cli import AppGroup, with_appcontext

from rmos import ids
from rmos.cli.exits import DONE
from rmos.cli.opening import command_actor, count_runs, open_for_reading, open_for_writing, open_or_create, workers_for
from rmos.cli.output import emit, json_option, progress, say, write_data
from rmos.cli.types import Day
from rmos.context import current_rmos
from rmos.counts import count_of
from rmos.errors.store import StorageFailed
from rmos.services.evidence import append_log, change_key, is_started, list_key_spans, open_key_file, start_log
from rmos.services.evidence_pages import PublicLog, list_day, publish_log
from rmos.store.evidence.appending import AppendReport
from rmos.store.evidence.proving import Prover
from rmos.tlog.note import Checkpoint, parse_checkpoint

_KEEP: Final = (
    "Keep these two elsewhere, on paper or by mail: with them nobody, and not you either, can change",
    "or remove what is logged without being found out. Make a copy of the key's file too.",
)


@click.group("evidence", cls=AppGroup)
def evidence() -> None:
    """Keep a log by which others can prove what was recorded.

    `rmos proof RUN` makes the proof of one run, `rmos verify --evidence`
    checks the whole record against the log.
    """


@evidence.command("start")
@click.option("--origin", metavar="NAME", help="The log's name for ever, such as shop.example/evidence.")
@click.option("--if-absent", is_flag=True, help="Leave a log that is there as it is.")
@json_option
@with_appcontext
def start(origin: str | None, if_absent: bool, as_json: bool) -> int:
    """Make the key and the log, and log everything that stands there.

    The best name is the address under which the log is served, without
    https://. From then on the service appends every five minutes. Started
    again it only appends. A key that is there is never replaced. Makes the
    store's folder when there is none.

    \b
    Exit codes: 0 started; 1 the log or the disk does not allow it, 2 usage
    or a key that cannot be used, 10 no store there.
    """
    us = ids.now_us()
    store = open_or_create()
    if if_absent and is_started(store):
        say("The log is there already.", err=True)
        if as_json:
            emit({"verifier_key": PublicLog(store).key().text(), "batches": 0, "entries": 0})
        return DONE
    runs = count_runs(store)
    with progress("Logging", runs) as advance:
        started = start_log(
            store,
            open_key_file(current_rmos().settings),
            origin=origin,
            actor=command_actor(ids.new_request_id()),
            us=us,
            workers=workers_for(store, runs),
            progress=advance,
        )
    checkpoint = PublicLog(store).checkpoint().encode().decode()
    if as_json:
        emit({"verifier_key": started.verifier_key.text(), "checkpoint": checkpoint, **_describe(started.appended)})
        return DONE
    say(f"{'Started' if started.is_new else 'There is already'} the log {started.verifier_key.name}.", err=True)
    say(started.verifier_key.text())
    say()
    write_data(checkpoint)
    for line in _KEEP:
        say(line, err=True)
    return DONE


@evidence.command("append")
@json_option
@with_appcontext
def append(as_json: bool) -> int:
    """Log what is not logged yet; the service does so by itself.

    \b
    Exit codes: 0 nothing is left to log; 1 there is no log, or it cannot be
    followed, 2 the key cannot be used, 10 no store there.
    """
    store = open_for_writing()
    key_file, runs = open_key_file(current_rmos().settings), count_runs(store)
    with progress("Logging", runs) as advance:
        appended = append_log(store, key_file, us=ids.now_us(), workers=workers_for(store, runs), progress=advance)
    if as_json:
        emit(_describe(appended))
        return DONE
    left = f"; {count_of(appended.skipped, 'damaged object')} left out: see `rmos verify`" if appended.skipped else ""
    what = f"Appended {count_of(appended.entries, 'line')}" if appended.entries else "Nothing new"
    say(f"{what}; the log has {appended.checkpoint.size}{left}.")
    return DONE


@evidence.command("keys")
@json_option
@with_appcontext
def keys(as_json: bool) -> int:
    """Show the verifier keys, and from when on each signed. Changes nothing.

    \b
    Exit codes: 0 shown; 1 there is no log or it is damaged, 10 no store
    there.
    """
    spans = list_key_spans(open_for_reading())
    if as_json:
        emit({"items": [span._asdict() for span in spans]})
        return DONE
    for span in spans:
        say(span.verifier_key)
        warning = "" if span.vouched else "; the key before it did not vouch for it"
        say(f"  from {span.since_utc} on, by {span.actor}{warning}")
    return DONE


@evidence.command("checkpoint")
@json_option
@with_appcontext
def checkpoint(as_json: bool) -> int:
    """Print the last checkpoint: what to keep where nobody here can write.

    \b
    Exit codes: 0 printed; 1 there is no log, or nothing was logged yet, 10
    no store there.
    """
    note = PublicLog(open_for_reading()).checkpoint()
    if as_json:
        emit({**_describe_checkpoint(parse_checkpoint(note.text)), "checkpoint": note.encode().decode()})
    else:
        write_data(note.encode().decode())
    return DONE


@evidence.command("consistency")
@click.option("--old", "old_size", type=click.IntRange(min=1), required=True, metavar="SIZE", help="The older size.")
@json_option
@with_appcontext
def consistency(old_size: int, as_json: bool) -> int:
    """Print the proof that the log has only grown since it had SIZE lines.

    It is what a C2SP witness takes: the older size, the hashes of RFC 6962,
    an empty line and the last checkpoint.

    \b
    Exit codes: 0 printed; 1 there is no log, or it is damaged, 2 the log
    was never as large, 10 no store there.
    """
    store = open_for_reading()
    prover = Prover(store.objects, store.index)
    if old_size > prover.checkpoint.size:
        raise click.BadParameter(f"the log has {count_of(prover.checkpoint.size, 'line')}.", param_hint="--old")
    hashes = [base64.b64encode(hashed).decode() for hashed in prover.prove_growth(old_size)]
    note = prover.note.encode().decode()
    if as_json:
        emit({"old": old_size, "hashes": hashes, "checkpoint": note})
    else:
        write_data("\n".join([f"old {old_size}", *hashes, "", note]))
    return DONE


@evidence.command("sums")
@click.option("--day", type=Day(), required=True, metavar="DATE", help="The date of the objects (UTC, 2025-12-23).")
@json_option
@with_appcontext
def sums(day: str, as_json: bool) -> int:
    """Print a day's lines for `sha256sum -c`, those of what is gone as comments.

    Changes nothing.

    \b
    Exit codes: 0 printed; 1 there is no log or it is damaged, 2 usage, 10
    no store there.
    """
    found = list_day(open_for_reading(), day)
    if as_json:
        emit({"items": [{**entry._asdict(), "gone": gone} for entry, gone in found]})
        return DONE
    for entry, gone in found:
        write_data(("# gone: " if gone else "") + entry.line().decode())
    return DONE


@evidence.command("publish")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@json_option
@with_appcontext
def publish(folder: Path, as_json: bool) -> int:
    """Write the log as static files into FOLDER, for any web server or a stick.

    Holds ids, dates and digests, never content. A second time only what is
    new is written.

    \b
    Exit codes: 0 written; 1 there is no log, or the folder cannot be
    written, 2 usage, 10 no store there.
    """
    try:
        written = publish_log(open_for_reading(), folder)
    except OSError as error:
        raise StorageFailed(f"{folder.name} could not be written: {(error.strerror or 'refused').lower()}.") from None
    if as_json:
        emit({"written": written})
    else:
        say(f"Wrote {count_of(written, 'file')}.")
    return DONE


@evidence.command("rotate-key")
@click.option("--lost", is_flag=True, help="The old key is gone: nobody vouches for the new one, and verify says so.")
@json_option
@with_appcontext
def rotate_key(lost: bool, as_json: bool) -> int:
    """Sign with a new key from now on; the old one vouches for it.

    A change that was cut off goes on. Nothing that was signed is signed
    anew.

    \b
    Exit codes: 0 changed; 1 there is no log or it is damaged, 2 the key
    cannot be used, 10 no store there.
    """
    store = open_for_writing()
    key = change_key(
        store,
        open_key_file(current_rmos().settings),
        lost=lost,
        actor=command_actor(ids.new_request_id()),
        us=ids.now_us(),
    )
    if as_json:
        emit({"verifier_key": key.text()})
        return DONE
    say("From now on this key signs; keep its line where you kept the one before:", err=True)
    say(key.text())
    return DONE


def _describe(appended: AppendReport) -> dict[str, object]:
    return {
        "batches": appended.batches,
        "entries": appended.entries,
        "skipped": appended.skipped,
        **_describe_checkpoint(appended.checkpoint),
    }


def _describe_checkpoint(found: Checkpoint) -> dict[str, object]:
    return {"origin": found.origin, "size": found.size, "root": base64.b64encode(found.root).decode()}
