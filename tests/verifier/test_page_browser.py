"""The page that verifies a bundle, in a real browser, from a file and without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rmos.services.zip_files import make_zip
from rmos.verifier import rmos_verify
from tests.browser import chromium, open_page
from tests.helpers.bundles import (
    ARTIFACT,
    KEY,
    OTHER_KEY,
    RUN_ID,
    Files,
    add_file,
    erase,
    make_members_of,
    make_run_files,
)
from tests.helpers.edge_signatures import is_canonical, make_edge_vectors
from tests.helpers.flipping import flip_each_place
from tests.helpers.tampering import ATTACKS
from tests.helpers.waiting import PATIENCE_S
from tests.verifier.conftest import Shop

pytestmark = [pytest.mark.chromium, pytest.mark.long]

ADDRESS = (Path(rmos_verify.__file__).parent / "verify.html").as_uri()
VKEY = KEY.verifier_key.text()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """The page, opened from its file, offline; whatever it would ask a network for fails the test."""
    with chromium() as browser:
        page = open_page(browser)
        page.context.set_offline(True)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: asked.append(f"an error: {error}"))
        page.on("console", lambda message: asked.append(f"told: {message.text}"))
        page.goto(ADDRESS)
        yield page
        assert set(asked) == {ADDRESS}


def choose(page: Page, data: bytes, selector: str = "#bundle") -> None:
    """Choose a file."""
    page.set_input_files(selector, {"name": "run.zip", "mimeType": "application/zip", "buffer": data})


def verify(page: Page, data: bytes, key: str = VKEY) -> str:
    """Return what the page says of a bundle and a key, all of it."""
    page.reload()
    page.fill("#key", key)
    choose(page, data)
    return verdict(page)


def verdict(page: Page) -> str:
    """Return what the page says when it is done."""
    box = page.locator("#verdict")
    expect(box.locator("h2")).not_to_have_text("Checking…", timeout=PATIENCE_S * 1000)
    kind = box.get_attribute("class")
    return f"{kind}: {box.inner_text()}"


def test_a_bundle_that_rmos_makes_holds(page: Page, shop: Shop) -> None:
    told = verify(page, shop.bundle, shop.key)
    assert told.startswith("holds: ✓ It holds")
    assert f"run {shop.run_id} OK 2025-12-23T" in told
    assert "event 2: advisory" in told


def test_the_page_checks_again_when_the_key_is_typed_and_when_a_file_is_chosen(page: Page) -> None:
    page.reload()
    assert "Still needed: the file." in verdict(page)
    choose(page, make_zip(make_members_of(make_run_files(1))))
    assert "Still needed: the key." in verdict(page)
    page.fill("#key", OTHER_KEY.verifier_key.text())
    assert "not signed by this key" in verdict(page)
    page.fill("#key", VKEY)
    assert verdict(page).startswith("holds")
    choose(page, b"no zip")
    assert verdict(page).startswith("fails")


def test_what_is_no_key_is_told(page: Page) -> None:
    data = make_zip(make_members_of(make_run_files(0)))
    for key in (VKEY[:-1], VKEY.replace("78430b55", "78430b56"), "shop.example/evidence", "++"):
        assert "mistyped" in verify(page, data, key)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_bundle_that_was_tampered_with_is_refused(page: Page, attack: str) -> None:
    members = ATTACKS[attack][1](make_members_of(make_run_files(1)))
    assert verify(page, make_zip(members)).startswith("fails")


def test_flipped_bytes_are_refused(page: Page) -> None:
    data = make_zip(make_members_of(make_run_files(1)))
    flips = {}
    for at in range(0, len(data), 61):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        flips[f"byte {at}"] = bytes(flipped)
    assert list_accepted(page, {**flips, "whole": data}) == ["whole"]


def test_a_flipped_byte_in_each_place_of_a_bundle_is_refused(page: Page) -> None:
    data = make_zip(make_members_of(make_run_files(1)))
    assert list_accepted(page, {**flip_each_place(data), "whole": data}) == ["whole"]


def list_accepted(page: Page, bundles: Files) -> list[str]:
    """Return which bundles hold, as the page's own code judges them."""
    page.reload()
    accepted = page.evaluate(
        """async ([files, key]) => {
          const trusted = await parseKey(key), accepted = [];
          for (const [at, file] of files.entries()) {
            await checkBundle(Uint8Array.from(file), trusted, null).then(() => accepted.push(at), () => {});
          }
          return accepted;
        }""",
        [[list(data) for data in bundles.values()], VKEY],
    )
    return [list(bundles)[at] for at in accepted]


def test_the_browser_judges_signatures_at_the_edges_as_the_verifier_does(page: Page) -> None:
    vectors = {name: vector for name, vector in make_edge_vectors().items() if is_canonical(vector[0])}
    judged = page.evaluate(
        """async (vectors) => Promise.all(vectors.map(async ([key, message, signature]) => {
          const bytes = (list) => Uint8Array.from(list);
          try {
            const known = await crypto.subtle.importKey("raw", bytes(key), "Ed25519", false, ["verify"]);
            return await crypto.subtle.verify("Ed25519", known, bytes(signature), bytes(message));
          } catch { return false; }
        }))""",
        [[list(part) for part in vector] for vector in vectors.values()],
    )
    assert dict(zip(vectors, judged, strict=True)) == {
        name: rmos_verify.verify_ed25519(*vector) for name, vector in vectors.items()
    }


def leave_out() -> Files:
    """Make a bundle whose artifact was left out though nothing erased it."""
    files = make_run_files(2)
    artifact = files.pop(ARTIFACT)
    return make_members_of(files, absent={ARTIFACT: artifact})


def test_an_erased_run_holds_and_a_left_out_artifact_does_not(page: Page) -> None:
    files = make_run_files(1)
    artifact = erase(files)
    told = verify(page, make_zip(make_members_of(files, absent={ARTIFACT: artifact})))
    assert told.startswith("holds")
    assert f"run {RUN_ID} erased for good" in told
    assert "was left out" in verify(page, make_zip(leave_out()))


def test_an_event_of_another_chain_is_refused(page: Page) -> None:
    files = make_run_files(1)
    add_file(files, previous_sha256="0" * 64)
    assert "does not follow" in verify(page, make_zip(make_members_of(files)))


def test_a_saved_checkpoint_is_compared(page: Page) -> None:
    members = make_members_of(make_run_files(1))
    assert verify(page, make_zip(members)).startswith("holds")
    for data, told in (
        (members["checkpoint"], "holds"),
        (make_members_of(make_run_files(2))["checkpoint"], "TWO LOGS"),
        (make_members_of(make_run_files(1), size=38)["checkpoint"], "of 38 entries, this has 37"),
        (b"no checkpoint", "damaged"),
    ):
        choose(page, data, "#saved")
        assert told in verdict(page)


def test_what_was_recorded_cannot_act_on_the_page(page: Page) -> None:
    files = make_run_files(0)
    add_file(files, actor="<img src=x onerror=alert(1)>")
    told = verify(page, make_zip(make_members_of(files)))
    assert "by <img src=x onerror=alert(1)>" in told
    assert page.locator("#verdict img").count() == 0
