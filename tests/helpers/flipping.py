"""Each kind of place in a bundle, and the bundle with a byte of that place flipped: the same ones for every verifier.

for place, flipped in flip_each_place(bundle).items():
    ...                                      # "checkpoint, its last byte", and the bytes of the zip
"""

import io
import zipfile
from typing import Final

_HEADER: Final = 30
"""Bytes of a member's header before its name (APPNOTE.TXT of ZIP, section 4.3.7)."""
_FIELDS: Final = {"mark": 0, "version": 4, "flags": 6, "method": 8, "time": 10, "date": 12, "CRC": 14, "size": 18}
_ENTRY: Final = 46
_END: Final = 22


def list_places(bundle: bytes) -> dict[str, int]:
    """Return where each place of a bundle is."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        members, start = archive.infolist(), archive.start_dir
    found: dict[str, int] = {}
    listed = start
    for member in members:
        name, at, length = member.filename, member.header_offset, len(member.filename)
        found |= {f"{name}, {field} in its header": at + offset for field, offset in _FIELDS.items()}
        found |= {f"{name}, its name": at + _HEADER, f"{name}, the end of its name": at + _HEADER + length - 1}
        body = at + _HEADER + length
        parts = {"first": 0, "second": 1, "middle": member.file_size // 2, "last but one": member.file_size - 2}
        found |= {f"{name}, its {part} byte": body + offset for part, offset in parts.items()}
        found[f"{name}, its last byte"] = body + member.file_size - 1
        found |= {f"{name}, byte {offset} of its listing": listed + offset for offset in (0, 5, 10, 30, 40, 44, _ENTRY)}
        listed += _ENTRY + length
    found |= {f"byte {offset} of the end": len(bundle) - _END + offset for offset in range(_END)}
    assert listed == len(bundle) - _END
    return found


def flip_each_place(bundle: bytes) -> dict[str, bytes]:
    """Return the bundle with one bit of each place flipped, another bit from place to place."""
    flipped = {}
    for number, (place, at) in enumerate(list_places(bundle).items()):
        data = bytearray(bundle)
        data[at] ^= 1 << number % 8
        flipped[place] = bytes(data)
    return flipped
