"""Put a pack together: the files that were taken, those that were made for it, their digests, and how to check them.

    pack = build_pack({"record.json": …, "sheet.html": …})
    pack.data, pack.sha256

The zip follows from its members alone: stored, sorted, without a clock. `SHA256SUMS` is what `sha256sum -c` reads.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from rmos import digest
from rmos.services.zip_files import SUMS, make_sums, make_zip

_DESCRIPTIONS: Final = {
    "sheet.html": "the setup sheet: open it in a browser, print it on A4 or Letter",
    "drawing.svg": "what is cut, as a drawing",
    "drawing.dxf": "the same for a CAM, in millimetres",
    "tools.csv": "the tools, for a spreadsheet",
    "record.json": "the record of the run, byte by byte as it lies in the store",
    "decision.json": "what was decided, a part of that record",
    "approval.json": "who approved it, when and why",
    "override.json": "who answers for what was not GREEN, until when, and why",
    "measured.json": "what was measured of the program",
}
_CHECK: Final = (
    "Is it whole? In the folder that it was unpacked to:",
    "",
    "  sha256sum -c SHA256SUMS          (macOS: shasum -a 256 -c SHA256SUMS)",
    "",
    "Each line ends with OK. Run no program whose line does not.",
    "Print the sheet, set the machine up by it, and write down what became of the cut.",
)
_PROOF: Final = (
    "Where the shop keeps a log of evidence, a proof of record.json lies beside the pack:",
    "",
    "  rmos proof {run_id}",
    "  GET /api/rmos/runs/{run_id}/proof",
    "",
    "It holds the very same file, and shows that it was recorded and never changed.",
)


class BuiltPack(NamedTuple):
    """The bytes of a pack."""

    data: bytes
    sha256: str


def build_pack(members: Mapping[str, bytes]) -> BuiltPack:
    """Return the pack of some members; their digests become another one."""
    sums = make_sums({name: digest.sha256_hex(content) for name, content in members.items()})
    data = make_zip({**members, SUMS: sums})
    return BuiltPack(data, digest.sha256_hex(data))


def make_readme(run_id: str, *, members: list[str], programs: list[str]) -> bytes:
    """Return what stands in the README of a pack.

    Args:
        members: the names of the other members.
    """
    lines = [f"Operator pack of {run_id}", "", "Programs, in the order in which they are cut:", ""]
    lines += [f"  {name}" for name in programs]
    lines += ["", "Beside them:", ""]
    lines += [f"  {name:<17} {_DESCRIPTIONS[name]}" for name in sorted(members) if name in _DESCRIPTIONS]
    lines += ["", *_CHECK, "", *(line.format(run_id=run_id) for line in _PROOF), ""]
    return "\n".join(lines).encode("ascii")
