"""The page keeps its word: each drawing of the gallery is what its command writes."""

import pytest

from rmos.digest import sha256_hex
from tests.rosette.gallery import DOCS, GALLERY, PAGE, command, draw, section


@pytest.mark.parametrize(("name", "prompt", "seed", "words"), GALLERY)
def test_each_drawing_of_the_gallery_is_drawn_again_to_the_byte(name: str, prompt: str, seed: int, words: str) -> None:
    stored = (DOCS / "rosettes" / f"{name}.svg").read_bytes()
    assert sha256_hex(draw(prompt, seed).encode()) == sha256_hex(stored)
    page = PAGE.read_text(encoding="utf-8")
    assert f"SHA-256 `{sha256_hex(stored)}`" in page
    assert command(name, prompt, seed) in page
    assert words in page


def test_the_gallery_has_sixteen_drawings_and_no_stray_file() -> None:
    assert len(GALLERY) == 16
    assert {path.name for path in (DOCS / "rosettes").iterdir()} == {f"{name}.svg" for name, *_ in GALLERY}
    assert section() in PAGE.read_text(encoding="utf-8")
