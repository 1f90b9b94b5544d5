"""Judging the tokens: names, events and what they say; damage of a token is found like that of a run."""

from collections import Counter
from collections.abc import Iterator

from rmos.checks.findings import finding
from rmos.checks.runs import Judged
from rmos.errors.objects import ObjectUnreadable
from rmos.models import Finding
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.history import read_chain
from rmos.store.records import Damage
from rmos.store.tokens import fold_token, numbered


def judge_tokens(objects: Objects) -> Judged:
    """Return the counts and findings of the tokens' folder."""
    judged = Judged(Counter(), [])
    names = []
    try:
        for name, kind in sorted(objects.entries(layout.TOKENS)):
            path = f"{layout.TOKENS}/{name}"
            if layout.kind_of(name) == "debris":
                judged.counts["debris"] += 1
            elif layout.token_event(name) is None:
                judged.findings.append(finding("stray", path, "no event of a token has such a name"))
            elif kind != "file":
                judged.findings.append(finding("not_a_file", path, f"a {kind} stands where a token's event should be"))
            else:
                names.append(name)
    except ObjectUnreadable as error:
        judged.findings.append(finding("unreadable", layout.TOKENS, error.detail))
    for token_id, numbers in numbered(names).items():
        judged.counts["tokens"] += 1
        judged.findings.extend(_judge_token(objects, token_id, numbers))
    return judged


def _judge_token(objects: Objects, token_id: str, numbers: list[int]) -> Iterator[Finding]:
    """Give what is wrong with a token's events, or with the token that they make."""
    record_id = f"tok_{token_id}"
    chain = read_chain(objects.read, layout.TOKENS, record_id, numbers, of="token")
    for key, damage in chain.problems:
        yield finding(damage.kind, key, damage.detail)
    if chain.problems:
        return
    try:
        fold_token(token_id, chain.events)
    except Damage as damage:
        yield finding(damage.kind, layout.event_key(layout.TOKENS, record_id, 1), damage.detail)
