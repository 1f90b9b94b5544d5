"""Spoil programs as disks, editors and people do, and make bytes that never were one."""

import random
from typing import Final

_WORDS: Final = (
    b"G91 G20 G18 G2 G3 G80 G81 G83Q0 G93 G95 G28 G53 G92 G41 M3 M5 M6 M30 M98P1000 M99 O1000 L1000000000 P1000000000 "
    b"X1e308 X-. Z- F0 F-1 S0 T99 R0 I0J0 K9 % / ( ) ; # [ ] A1 $H , \xff \x00 \xc3\x91 X1,5 Q1e-9 N1 G1.5 "
    b"X99999999999999999999999 G90.1 G91.1 P0 L0 H3 O<a>call \r \t X.0000001"
).split(b" ")


def spoil(data: bytes, chance: random.Random) -> bytes:
    """Return a program with some bytes, words or lines changed, lost, doubled or moved."""
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        to = min(len(data), at + chance.randint(1, 30))
        way = chance.randrange(7)
        if way == 0:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif way == 1:
            data = data[:at] + data[to:]
        elif way == 2:
            data = data[:to] + data[at:]
        elif way in (3, 4):
            data = data[:at] + b" " + chance.choice(_WORDS) + b" " + data[at:]
        elif way == 5:
            lines = data.split(b"\n")
            chance.shuffle(lines)
            data = b"\n".join(lines)
        else:
            data = data[:at]
    return data


def make_noise(chance: random.Random) -> bytes:
    """Return bytes: any, those of a program's letters, or words in no order."""
    way, size = chance.randrange(3), chance.randrange(400)
    if way == 0:
        return chance.randbytes(size)
    if way == 1:
        return bytes(chance.choices(b"GMXYZIJKRFSTPQLHON0123456789.-+ \n\r%/();#", k=size))
    return b"".join(chance.choice(_WORDS) + chance.choice((b"", b" ", b"\n")) for _ in range(size // 4))
