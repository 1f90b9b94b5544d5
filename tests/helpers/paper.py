"""Paper for tests: how large the pages are that a browser prints, and what a scanner reads of a code on them.

print_sizes(page, format="A4")           # [(210, 297)]
read_code(browser, page)                 # ["https://rmos.shop.example/r/01a2…"]
"""

import base64
import re
from typing import Any

import zxingcpp
from playwright.sync_api import Browser, Page

from tests.browser import open_page

GREYS = """async (source) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height).data;
  return [image.width, image.height, Array.from({length: image.width * image.height}, (_, at) => pixels[4 * at])];
}"""


def print_sizes(page: Page, **how: Any) -> list[tuple[int, int]]:
    """Return width and height of each page that is printed, in whole millimetres."""
    data = page.pdf(print_background=False, **how)
    boxes = re.findall(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", data)
    assert len(boxes) == len(re.findall(rb"/Type /Page\b", data))
    return [(round(float(width) / 72 * 25.4), round(float(height) / 72 * 25.4)) for width, height in boxes]


def read_code(browser: Browser, page: Page) -> list[str]:
    """Return what a scanner reads of the page's code, as the printer gets it."""
    page.emulate_media(media="print")
    picture = base64.b64encode(page.locator(".code").screenshot()).decode()
    canvas = open_page(browser)
    width, height, greys = canvas.evaluate(GREYS, f"data:image/png;base64,{picture}")
    canvas.close()
    image = memoryview(bytes(greys)).cast("B", shape=[height, width])
    return [found.text for found in zxingcpp.read_barcodes(image)]
