"""A transparency log as pure values: trees, tiles, signed notes and proofs, in the formats of C2SP and RFC 6962.

Whoever has nothing of RMOS can read all of it. Nothing here touches a file, a clock or a key but `keys`.
"""
