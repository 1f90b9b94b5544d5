"""What kind of bytes a file has, against what was said of it."""

import pytest

from rmos.services.files.media_types import SVG, UNKNOWN, guess_type, is_of_type, media_type

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
HEADS = {
    "image/png": b"\x89PNG\r\n\x1a\n\x00",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00",
    "image/gif": b"GIF89a\x01\x00",
    "image/webp": b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    "image/tiff": b"II*\x00\x08",
    "application/pdf": b"%PDF-1.7\n",
    "application/zip": b"PK\x03\x04\x14",
    "application/gzip": b"\x1f\x8b\x08",
    SVG: DRAWING,
}


@pytest.mark.parametrize("declared", HEADS)
def test_a_type_with_a_signature_is_its_own_and_no_other(declared: str) -> None:
    for actual, head in HEADS.items():
        assert is_of_type(declared, head) == (actual == declared)
    assert guess_type(HEADS[declared]) == declared
    assert not is_of_type(declared, b"")


@pytest.mark.parametrize(
    "head",
    [
        b"\xef\xbb\xbf" + DRAWING,
        DRAWING.decode().encode("utf-16"),
        b'<?xml version="1.0"?>\n<!-- made by hand -->\n' + DRAWING,
        b'<s:svg xmlns:s="http://www.w3.org/2000/svg"/>',
        b"<?xml version='1.0'?><!--" + b"x" * 5000,
    ],
)
def test_drawings_begin_in_many_ways(head: bytes) -> None:
    assert is_of_type(SVG, head[:4096])


@pytest.mark.parametrize(
    ("declared", "head", "holds"),
    [
        ("text/x.gcode", b"G0 X1\n", True),
        ("text/plain", b"a\x00b", False),
        ("text/plain", HEADS["application/pdf"], False),
        ("application/json", b' {"a":1}', True),
        ("application/json", b"<html>", False),
        ("application/ld+json", b"[]", True),
        ("application/xml", b"<a/>", True),
        ("image/svg+xml", b"<html><body></body></html>" + b" " * 2000, False),
        ("image/x-shop", b"<html>", False),
        ("image/x-shop", b"\x01\x02\x00", True),
        ("image/x-shop", b"\n <?xml version='1.0'?><x/>", False),
        ("image/x-shop", HEADS["image/png"], False),
        ("image/vnd.dxf", b"  0\nSECTION\n  2\nENTITIES\n  0\nENDSEC\n  0\nEOF\n", True),
        ("image/x-eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", True),
        ("image/x-nikon-nef", HEADS["image/tiff"], True),
        ("image/openraster", HEADS["application/zip"], True),
        ("image/svg+xml-compressed", HEADS["application/gzip"], True),
        ("image/apng", HEADS["image/png"], True),
        ("image/apng", HEADS["image/gif"], False),
        ("application/illustrator", HEADS["application/pdf"], True),
        ("application/illustrator", b"%!PS-Adobe-3.0\n", True),
        ("application/x-shop", HEADS["application/pdf"], False),
        ("model/stl", b"solid", True),
        ("model/3mf", HEADS["application/zip"], True),
        ("model/stl", HEADS["image/png"], False),
        (UNKNOWN, b"anything", True),
    ],
)
def test_what_has_no_signature_is_taken_at_its_word_unless_it_is_plainly_something_else(
    declared: str, head: bytes, holds: bool
) -> None:
    assert is_of_type(declared, head) is holds


@pytest.mark.parametrize(
    ("declared", "essence"),
    [("Image/PNG; x=1", "image/png"), ("png", None), ("a/b/c", None), ("", None), (None, None), ("a /b", None)],
)
def test_a_type_is_compared_without_its_parameters(declared: str | None, essence: str | None) -> None:
    assert media_type(declared) == essence


@pytest.mark.parametrize(
    ("sent", "registered"),
    [
        ("image/x-png", "image/png"),
        ("img/png", "image/png"),
        ("image/pjpeg", "image/jpeg"),
        ("image/jpg", "image/jpeg"),
        ("application/x-zip-compressed", "application/zip"),
        ("application/x-gzip", "application/gzip"),
        ("text/pdf", "application/pdf"),
        ("Image/SVG; charset=utf-8", SVG),
        ("image/tif", "image/tiff"),
    ],
)
def test_trap_44_a_type_as_browsers_and_systems_spell_it_is_no_lie(sent: str, registered: str) -> None:
    known = media_type(sent)
    assert known == registered
    assert is_of_type(registered, HEADS[registered])
    assert not any(is_of_type(known, head) for name, head in HEADS.items() if name != registered)


def test_every_spelling_of_a_type_leads_to_one_that_is_spelled_no_other_way() -> None:
    for spelling in ("drawing/x-dxf", "application/dxf", "image/vnd.dxf"):
        assert media_type(spelling) == "image/vnd.dxf"
    assert media_type("binary/octet-stream") == UNKNOWN
    assert media_type("text/json") == "application/json"
    assert media_type("text/comma-separated-values") == "text/csv"
    assert [name for name in HEADS if media_type(name) != name] == []
