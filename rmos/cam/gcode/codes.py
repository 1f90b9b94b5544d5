"""Name the G and M codes: which group each is of, which are not computed, which change nothing here.

Two codes of one group on a line contradict each other. What is in no table is not known: it may move something.
"""

from typing import Final

MOTIONS: Final = frozenset({"G0", "G1", "G2", "G3", "G80", "G73", "G81", "G82", "G83", "G85", "G89"})
NOT_COMPUTED: Final[dict[str, str]] = {
    **dict.fromkeys(("G5", "G5.1", "G5.2", "G5.3", "G6.2"), "splines: post lines or arcs"),
    **dict.fromkeys(("G7", "G33", "G33.1", "G34", "G96"), "words of a lathe: post for a mill"),
    **dict.fromkeys(("G10", "G52", "G92", "G92.1", "G92.2", "G92.3"), "a zero that the program moves: post without it"),
    **dict.fromkeys(("G12", "G13", "G65", "G66"), "macros: switch them off in the post"),
    **dict.fromkeys(("G16", "G51", "G68", "G68.2"), "polar, scaled or rotated coordinates: post without them"),
    **dict.fromkeys(("G31", "G38.2", "G38.3", "G38.4", "G38.5"), "probing: probe before the program"),
    **dict.fromkeys(("G41", "G41.1", "G42", "G42.1"), "cutter compensation: compute it in the CAM"),
    **dict.fromkeys(("G43.1", "G43.2", "G44"), "a tool length in the program: measure it at the machine"),
    **dict.fromkeys(("G74", "G76", "G84", "G86", "G87", "G88"), "a cycle that is not read: expand cycles in the post"),
    **dict.fromkeys(("G54.1",), "an offset by number: use G54 to G59.3"),
    **dict.fromkeys(("M47", "M71", "M72", "M73", "M97"), "jumps and saved states: switch them off in the post"),
}
OFFSETS: Final = frozenset({"G54", "G55", "G56", "G57", "G58", "G59", "G59.1", "G59.2", "G59.3"})
_G_GROUPS: Final[tuple[frozenset[str], ...]] = (
    MOTIONS,
    frozenset({"G4", "G28", "G28.1", "G30", "G30.1", "G53"}),
    frozenset({"G17", "G18", "G19"}),
    frozenset({"G20", "G21"}),
    frozenset({"G90", "G91"}),
    frozenset({"G90.1", "G91.1"}),
    frozenset({"G93", "G94", "G95"}),
    frozenset({"G98", "G99"}),
    frozenset({"G43", "G49"}),
    OFFSETS,
    frozenset({"G61", "G61.1", "G64"}),
    frozenset({"G40"}),
    frozenset({"G15"}),
    frozenset({"G50"}),
    frozenset({"G69"}),
    frozenset({"G67"}),
    frozenset({"G97"}),
    frozenset({"G8"}),
    frozenset({"G9"}),
    frozenset({"G22", "G23"}),
)
_M_GROUPS: Final[tuple[frozenset[str], ...]] = (
    frozenset({"M0", "M1", "M2", "M30", "M60", "M98", "M99"}),
    frozenset({"M3", "M4", "M5"}),
    *(frozenset({f"M{number}"}) for number in (6, 7, 8, 9, 19, 50, 51, 52, 53, 61, 70)),
    frozenset({"M48", "M49"}),
    frozenset({"M62", "M63", "M64", "M65", "M66", "M67", "M68"}),
)
GROUP_OF: Final[dict[str, int]] = {
    code: number for number, group in enumerate((*_G_GROUPS, *_M_GROUPS)) for code in group
}
TAKES_P: Final = frozenset(
    {"G4", "G64", "G82", "G89", "M62", "M63", "M64", "M65", "M66", "M98", "M50", "M51", "M52", "M53"}
)
"""The codes besides arcs that use P."""
TAKES_L: Final = frozenset({"M98", "M66"})
TAKES_Q: Final = frozenset({"G73", "G83", "G64", "M61", "M66", "M67", "M68"})
