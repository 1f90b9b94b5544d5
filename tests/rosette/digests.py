"""The digests of forty drawings, as any interpreter with msgspec can compute them.

`python -m tests.rosette.digests` writes them to stdout, as `golden.json` holds them.
"""

import json
import sys

from rmos.digest import sha256_hex
from rmos.rosette.interpret import interpret
from rmos.rosette.seeded import derive_seed
from rmos.rosette.spec import spec_sha256
from rmos.rosette.svg import render
from rmos.rosette.vary import vary
from tests.rosette.prompts import PROMPTS


def digests() -> dict[str, dict[str, str]]:
    """Return prompt → the digests of its spec and of both profiles."""
    found = {}
    for prompt, seed in PROMPTS:
        spec = vary(interpret(prompt).spec, derive_seed({"prompt": prompt}) if seed is None else seed)
        prompt_sha256 = sha256_hex(prompt.encode())
        found[prompt] = {
            "spec": spec_sha256(spec),
            "compact": sha256_hex(render(spec, prompt_sha256=prompt_sha256).encode()),
            "cam": sha256_hex(render(spec, "cam", prompt_sha256=prompt_sha256).encode()),
        }
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(digests(), indent=1, ensure_ascii=False) + "\n")
