"""The gallery of docs/rosettes.md: file, prompt, seed, and a word on what it shows.

`python -m tests.rosette.gallery` draws the files and writes the page's gallery anew, between its two marks.
"""

import re
from pathlib import Path

from rmos.digest import sha256_hex
from rmos.rosette.interpret import interpret
from rmos.rosette.svg import render
from rmos.rosette.vary import vary

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "rosettes.md"

GALLERY = [
    (
        "herringbone",
        "classical rosette, herringbone in maple and rosewood",
        3,
        "Strips of 0.6 mm veneer, mitred in chevrons.",
    ),
    (
        "torres",
        "Torres style, ears of wheat both edges, Greek key centre, 27 mm wide",
        1,
        "As wide as Torres made one in 1852.",
    ),
    (
        "hauser",
        "Hauser style mosaic, 19 mm wide",
        4,
        "Tiles of 11 by 11 sticks between half-herringbone edges.",
    ),
    (
        "abalone",
        "D-45 style abalone ring, black/white lines, 4 inch hole",
        2,
        "Shell in short pieces, bare spruce between the rings.",
    ),
    ("three-rings", "three-ring Martin 28 look", 0, "Five, nine and five lines."),
    ("rope", "rope pattern, ebony and padauk, 6 mm band", 1, "Two strands, S-shaped where they turn over."),
    ("checkerboard", "checkerboard abalone and ebony, 48 tiles", 5, "Forty-eight tiles, so two rows of squares."),
    ("celtic", "celtic knot, walnut on maple, 1.5 mm strands", 1, "Four strands, over and under in turn."),
    ("wheel", "12 spoke wheel, koa and maple", 2, "Parallel spokes between two rims."),
    (
        "dark-wood",
        "no shell, all wood, dark on cedar top",
        11,
        "Ebony, walnut, rosewood and padauk, no veneer and no fibre.",
    ),
    ("art-deco", "something Art Deco", 1, "Wedges, gold lines, a checkerboard edge."),
    ("espiga", "rosetta clásica con espiga", 6, "The same question in Spanish."),
    ("santos", "Santos style", 3, "Herringbone at both edges of a mosaic."),
    ("fleta", "Fleta style, flower mosaic", 3, "Ears of wheat outside, dark bands inside."),
    (
        "dots",
        "ebony band with pearl dots every 15 degrees, 6 mm band",
        3,
        "Twenty-four dots in the wood that was named.",
    ),
    (
        "listed",
        "bwb, 5 mm abalone, bwb, 3 mm rope in boxwood and ebony, bwb",
        3,
        "Rings in the order in which they were listed.",
    ),
]


def draw(prompt: str, seed: int) -> str:
    """Return what `rmos rosette PROMPT --seed SEED --out FILE` writes."""
    return render(vary(interpret(prompt).spec, seed), prompt_sha256=sha256_hex(prompt.encode()))


def command(name: str, prompt: str, seed: int) -> str:
    return f'rmos rosette "{prompt}" --seed {seed} --out docs/rosettes/{name}.svg'


def section() -> str:
    """Return the gallery as it stands in the page."""
    parts = []
    for name, prompt, seed, words in GALLERY:
        parts.append(
            f"### {prompt}\n\n![{prompt}](rosettes/{name}.svg)\n\n{words}\n\n"
            f"```\n{command(name, prompt, seed)}\n```\n\n"
            f"SHA-256 `{sha256_hex(draw(prompt, seed).encode())}`\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    for name, prompt, seed, _ in GALLERY:
        (DOCS / "rosettes" / f"{name}.svg").write_text(draw(prompt, seed), encoding="utf-8", newline="\n")
    page = PAGE.read_text(encoding="utf-8")
    marks = re.compile(r"(<!-- gallery -->\n).*?(<!-- end of gallery -->)", re.DOTALL)
    PAGE.write_text(marks.sub(lambda found: f"{found[1]}\n{section()}\n{found[2]}", page), encoding="utf-8")
