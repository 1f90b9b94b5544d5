"""The container of a proof: a zip whose bytes follow from its members alone, and the text that says how to check it."""

import io
import zipfile
from collections.abc import Mapping
from typing import Final

_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say."""
README: Final = b"""\
This proves that the files here were recorded, that no byte of them was changed
since, and that they are in a log that cannot lose or change an entry unseen.

Compare the key first: get the line of the log's verifier key from the shop by
another way than this file (paper, telephone, its web page). The line in
verifier-key is a hint only.

1. With Python and nothing else:
     python3 rmos_verify.py proof THIS.zip --key 'NAME+ID+KEY'
2. In a browser, offline: open verify.html, choose this file, type the key.
3. With tools that are no part of RMOS:
     sha256sum -c SHA256SUMS          the files have the digests of the entries
     *.tlog-proof                     C2SP tlog-proof: what Go's sumdb/tlog and
                                      sumdb/note read

The shop gives out rmos_verify.py and verify.html under /evidence/.

A file that SHA256SUMS names and that is not here was erased for good: its
delete event is here and says who did it, when and why.
"""


def make_zip(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of members, stored, in the order of their names, without a clock."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _MOMENT)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, members[name])
    return target.getvalue()
