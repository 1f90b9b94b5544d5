"""The text that goes with a proof and says how to check it."""

from typing import Final

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
