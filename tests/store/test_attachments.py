"""Attachments of the store that the settings name, as scripts put and get them."""

from pathlib import Path

import pytest

from rmos import config, digest
from rmos.errors.files import AttachmentNotFound, SvgRefused
from rmos.store import (
    get_attachment,
    get_svg_by_sha,
    put_bytes_attachment,
    put_json_attachment,
    put_svg_attachment,
    put_text_attachment,
)
from rmos.store.records import Damage

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="10"/></svg>'


@pytest.fixture(autouse=True)
def runs_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store that the settings name in these tests."""
    folder = tmp_path / "runs"
    monkeypatch.setattr(config, "default_instance_path", lambda: tmp_path)
    return folder


def blobs(folder: Path) -> list[Path]:
    return [path for path in (folder / "_attachments").rglob("*") if path.is_file()]


def test_a_drawing_comes_back_by_its_digest(runs_dir: Path) -> None:
    attachment, key, variant_sha256 = put_svg_attachment(SVG)
    assert variant_sha256 == attachment.sha256 == digest.sha256_hex(SVG.encode())
    assert (runs_dir / key).read_text() == SVG
    assert (attachment.kind, attachment.mime, attachment.filename) == ("svg_variant", "image/svg+xml", "variant.svg")
    assert attachment.size_bytes == len(SVG)
    assert get_svg_by_sha(variant_sha256) == SVG


def test_the_same_drawing_is_one_file_whatever_it_is_called(runs_dir: Path) -> None:
    first, second = put_svg_attachment(SVG), put_svg_attachment(SVG, kind="advisory_svg", filename="other.svg")
    assert first[1:] == second[1:]
    assert len(blobs(runs_dir)) == 1


@pytest.mark.parametrize("text", ["", "no drawing", "<html/>", "<svg", '<svg xmlns="http://www.w3.org/2000/svg">'])
def test_what_is_no_svg_is_a_value_error_and_leaves_nothing(runs_dir: Path, text: str) -> None:
    with pytest.raises(ValueError, match="no SVG") as refusal:
        put_svg_attachment(text)
    assert isinstance(refusal.value, SvgRefused)
    assert not blobs(runs_dir)


def test_without_validation_the_caller_vouches_for_the_drawing() -> None:
    assert get_svg_by_sha(put_svg_attachment("not yet a drawing", validate=False)[2]) == "not yet a drawing"


@pytest.mark.parametrize("sha256", ["0" * 64, "", "../../../etc/passwd", "/etc/passwd", "A" * 64, "0" * 63 + "\n"])
def test_trap_23_where_there_is_no_such_blob_there_is_no_drawing(sha256: str) -> None:
    put_svg_attachment(SVG)
    assert get_svg_by_sha(sha256) is None
    with pytest.raises(AttachmentNotFound):
        get_attachment(sha256)


def test_bytes_that_are_no_text_are_no_drawing_and_come_back_as_bytes() -> None:
    attachment, _ = put_bytes_attachment(b"\xff\xfe\x00", kind="photo", mime="image/x", filename="a.x")
    assert get_svg_by_sha(attachment.sha256) is None
    assert get_attachment(attachment.sha256) == b"\xff\xfe\x00"


def test_a_text_is_kept_as_utf_8() -> None:
    attachment, _ = put_text_attachment("Ébène\n", kind="note")
    assert get_attachment(attachment.sha256) == "Ébène\n".encode()


def test_trap_20_json_is_hashed_in_the_form_in_which_it_is_stored(runs_dir: Path) -> None:
    value = {"b": [1.0, "ü"], "a": None, "c": 1e-7}
    attachment, key = put_json_attachment(value, kind="opplan")
    stored = (runs_dir / key).read_bytes()
    assert digest.sha256_hex(stored) == attachment.sha256 == digest.canonical_sha256(value)
    assert stored == '{"a":null,"b":[1,"ü"],"c":1e-7}'.encode()


def test_a_damaged_drawing_is_not_taken_for_an_absent_one(runs_dir: Path) -> None:
    _, key, sha256 = put_svg_attachment(SVG)
    (runs_dir / key).chmod(0o644)
    (runs_dir / key).write_text(SVG.replace("10", "11"))
    with pytest.raises(Damage):
        get_svg_by_sha(sha256)
