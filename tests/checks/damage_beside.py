"""Damage to blobs, claims and links, and names that do not belong."""

from tests.checks.registry import damage
from tests.checks.shops import DAY, NEXT_DAY, Faults, Shop, artifact, event


@damage
def blob_of_an_artifact_missing(shop: Shop) -> Faults:
    run_id = shop.put(attachments=[{"sha256": "ab" * 32, "kind": "gcode"}, {"sha256": "ba" * 32, "kind": "gcode"}])
    return [("blob_missing", artifact(run_id))] * 2


@damage
def blob_of_an_inline_advisory_missing(shop: Shop) -> Faults:
    run_id = shop.put(advisory_inputs=[{"advisory_id": "ee" * 32}, {"advisory_id": "adv_1"}])
    return [("blob_missing", artifact(run_id))]


@damage
def blobs_of_events_missing(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.event(run_id, "attachment", {"sha256": "cd" * 32, "kind": "svg"})
    shop.event(run_id, "advisory", {"advisory_id": "ef" * 32, "kind": "note"})
    return [("blob_missing", event(run_id, 3)), ("blob_missing", event(run_id, 4))]


@damage
def blob_of_an_event_missing_behind_a_hole(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.event(run_id, "attachment", {"sha256": "cd" * 32, "kind": "svg"})
    shop.path(event(run_id, 2)).unlink()
    return [("event_hole", event(run_id, 3)), ("blob_missing", event(run_id, 3))]


@damage
def blob_altered(shop: Shop) -> Faults:
    sha256 = shop.blob(b"G21\nG1 X1 F900\n")
    shop.put(attachments=[{"sha256": sha256, "kind": "gcode"}])
    key = f"_attachments/{sha256[:2]}/{sha256[2:4]}/{sha256}"
    shop.flip(key, at=3)
    return [("blob_corrupt", key)]


@damage
def blob_in_the_wrong_folder(shop: Shop) -> Faults:
    sha256 = shop.blob(b"misfiled")
    run_id = shop.put(attachments=[{"sha256": sha256, "kind": "gcode"}])
    here, wrong = (f"_attachments/{folder}/{sha256}" for folder in (f"{sha256[:2]}/{sha256[2:4]}", "00/11"))
    shop.overwrite(wrong, shop.path(here).read_bytes())
    shop.path(here).unlink()
    return [("stray", wrong), ("blob_missing", artifact(run_id))]


@damage
def blob_a_level_too_high_and_one_too_low(shop: Shop) -> Faults:
    high, low = f"_attachments/{'12' * 32}", f"_attachments/12/34/56/{'12' * 32}"
    shop.overwrite(high, b"x")
    shop.overwrite(low, b"x")
    return [("stray", high), ("stray", "_attachments/12/34/56")]


@damage
def claim_with_a_flipped_byte(shop: Shop) -> Faults:
    key = shop.claim("flipped")
    shop.flip(key, at=120)
    return [("claim_corrupt", key)]


@damage
def claim_in_the_wrong_folder(shop: Shop) -> Faults:
    key = shop.claim("misfiled")
    wrong = f"_claims/{'00' if '/00/' not in key else '01'}/{key.rpartition('/')[2]}"
    shop.overwrite(wrong, shop.path(key).read_bytes())
    return [("stray", wrong)]


@damage
def link_without_run(shop: Shop) -> Faults:
    names = [f"{DAY}/run_aaaaaaaaaaaa_advisory_{name}.json" for name in ("one", "two")]
    for name in names:
        shop.overwrite(name, b'{"advisory_id": "%s"}' % name.encode()[-8:-5])
    return [("link_without_run", name) for name in names]


@damage
def link_unreadable(shop: Shop) -> Faults:
    run_id = shop.take()
    torn, other = (f"{DAY}/{run_id}_advisory_{name}.json" for name in ("torn", "other"))
    shop.overwrite(torn, b'{"advisory_id": "to')
    shop.overwrite(other, b'{"advisory_id": "another"}')
    return [("link_unreadable", torn), ("link_unreadable", other)]


@damage
def link_to_a_blob_that_is_missing(shop: Shop) -> Faults:
    key = f"{DAY}/{shop.take()}_advisory_{'fe' * 32}.json"
    shop.overwrite(key, b'{"advisory_id": "%s"}' % (b"fe" * 32))
    return [("blob_missing", key)]


@damage
def earlier_index_truncated(shop: Shop) -> Faults:
    shop.overwrite("_index.json", b'{"run_aaaaaaaaaaaa": {"deleted": true')
    return [("earlier_index_unreadable", "_index.json")]


@damage
def strays(shop: Shop) -> Faults:
    names = [
        "notes.txt", "7_days.json", f"{DAY}/notes.txt", f"{DAY}/run_xyz.json", f"{DAY}/{shop.take()}.0000001.json",
        f"{DAY}/{shop.take()}.json~", "2025-12-25", "2025-13-01/run_aaaaaaaaaaaa.json", "_attachments/readme",
        "_attachments/ab/readme", "_attachments/ab/cd/readme", "_claims/readme", "_claims/ab/readme.json",
        f"{DAY}/odd\udcff", "_tokens/readme", "_tokens/tok_ab.1.json",
    ]  # fmt: skip
    for name in names:
        shop.overwrite(name, b"x")
    shown = [name.partition("/")[0] if name.startswith("2025-13") else name for name in names]
    return [("stray", name.replace("\udcff", "\\udcff")) for name in shown]


@damage
def audit_record_with_a_flipped_byte(shop: Shop) -> Faults:
    key = shop.audit("run_flipped")
    shop.flip(key, at=120)
    return [("audit_corrupt", key)]


@damage
def audit_record_under_another_name_and_in_another_folder(shop: Shop) -> Faults:
    key, other = shop.audit("run_here"), shop.audit("run_there")
    data = shop.path(key).read_bytes()
    shop.overwrite(other, data)
    wrong = f"_audit/{NEXT_DAY}/{key.rpartition('/')[2]}"
    shop.overwrite(wrong, data)
    shop.overwrite("_audit/notes.txt", b"x")
    return [("misnamed", other), ("stray", wrong), ("stray", "_audit/notes.txt")]
