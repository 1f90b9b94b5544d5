"""Roots, paths and tiles: the definition of RFC 6962 is the judge; every small tree is tried, larger ones by chance."""

import hashlib
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.digest import EMPTY_ROOT, hash_leaf
from rmos.tlog.tiles import HASH, WIDTH, Edge, Nodes, Tile
from rmos.tlog.tree import (
    combine_range,
    compute_root,
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)
from tests.helpers.bundles import make_read_node
from tests.trying import tries

SMALL = 33
SIZES = st.one_of(st.integers(1, 70), st.integers(1, 1100))


def compute_by_definition(leaves: Sequence[bytes]) -> bytes:
    """Return MTH of RFC 6962, section 2.1, of the hashes of leaves."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    left, right = compute_by_definition(leaves[:split]), compute_by_definition(leaves[split:])
    return hashlib.sha256(b"\1" + left + right).digest()


def make_leaves(size: int) -> list[bytes]:
    """Return the hashes of as many different leaves."""
    return [hash_leaf(f"{place}\n".encode()) for place in range(size)]


LEAVES = make_leaves(1100)


@cache
def find_root(size: int) -> bytes:
    """Return the root of the tree of so many leaves, by its definition."""
    return compute_by_definition(LEAVES[:size])


def keep_tiles(leaves: Sequence[bytes], *cuts: int) -> tuple[Edge, dict[tuple[int, int], bytes]]:
    """Append leaves to an edge in pieces; return it and the full tiles."""
    edge, tiles = Edge(), list[Tile]()
    for first, end in zip([0, *cuts], [*cuts, len(leaves)], strict=True):
        edge = Edge(edge.size, edge.levels)  # as the index keeps it from one append to the next
        tiles += edge.extend(leaves[first:end])
    found = {(tile.level, tile.number): tile.data for tile in tiles}
    assert len(found) == len(tiles)
    return edge, found


def make_nodes(size: int) -> Nodes:
    """Return the nodes of a tree, read from full tiles and partial ones computed from the leaves."""
    edge, tiles = keep_tiles(LEAVES[:size])

    def read_tile(level: int, number: int, width: int) -> bytes:
        if width == WIDTH:
            return tiles[level, number]
        assert number * WIDTH + width == size >> 8 * level
        return b"".join(edge.levels[level][:width])

    return Nodes(size, read_tile)


def test_the_empty_tree_and_a_leaf_are_those_of_the_rfc() -> None:
    assert compute_root(0, make_read_node([])) == EMPTY_ROOT == hashlib.sha256(b"").digest() == Edge().root()
    assert hash_leaf(b"") == hashlib.sha256(b"\0").digest()
    assert compute_root(1, make_read_node(LEAVES)) == LEAVES[0]


def test_an_edge_has_the_root_of_the_definition_at_every_size() -> None:
    edge = Edge()
    for size, leaf in enumerate(LEAVES, 1):
        edge.extend([leaf])
        assert (edge.size, edge.root()) == (size, find_root(size))


@given(SIZES)
@settings(max_examples=tries(60))
def test_tiles_lead_to_the_root_of_the_definition(size: int) -> None:
    assert compute_root(size, make_nodes(size)) == find_root(size)


@given(SIZES.flatmap(lambda size: st.tuples(st.just(size), st.lists(st.integers(0, size), max_size=6).map(sorted))))
@settings(max_examples=tries(60))
def test_an_append_in_any_cuts_gives_the_same_tree(case: tuple[int, list[int]]) -> None:
    size, cuts = case
    whole, tiles = keep_tiles(LEAVES[:size])
    edge, found = keep_tiles(LEAVES[:size], *cuts)
    assert (edge.size, edge.levels, edge.root(), found) == (whole.size, whole.levels, find_root(size), tiles)


def test_tiles_that_became_full_are_those_of_the_definition() -> None:
    _, tiles = keep_tiles(LEAVES[:600])
    assert tiles == {(0, 0): b"".join(LEAVES[:256]), (0, 1): b"".join(LEAVES[256:512])}
    many = [hash_leaf(str(place).encode()) for place in range(WIDTH * WIDTH)]
    edge, tiles = keep_tiles(many)
    assert sorted(tiles) == [(0, number) for number in range(WIDTH)] + [(1, 0)]
    assert tiles[1, 0][-HASH:] == compute_by_definition(many[-WIDTH:])
    assert [len(level) for level in edge.levels] == [0, 0, 1]
    assert edge.root() == edge.levels[2][0] == compute_by_definition(many)


@pytest.mark.parametrize(
    ("size", "levels"), [(0, [[b""]]), (1, []), (2, [[b""]]), (256, [[b""] * 256]), (257, [[b""]])]
)
def test_an_edge_that_no_tree_of_the_size_has_is_refused(size: int, levels: list[list[bytes]]) -> None:
    with pytest.raises(ValueError, match="another edge"):
        Edge(size, levels)


def test_every_proof_of_every_small_tree_verifies_and_in_no_other_place() -> None:
    for size in range(1, SMALL):
        read_node = make_nodes(size)
        for index in range(size):
            path = prove_inclusion(index, size, read_node)
            assert verify_inclusion(LEAVES[index], index, size, path, find_root(size))
            for place in range(-1, size + 2):
                assert verify_inclusion(LEAVES[index], place, size, path, find_root(size)) is (place == index)


def test_every_growth_of_every_small_tree_verifies_and_no_other() -> None:
    for size in range(1, SMALL):
        read_node = make_nodes(size)
        for old in range(1, size + 1):
            path = prove_consistency(old, size, read_node)
            assert verify_consistency(old, find_root(old), size, find_root(size), path)
            for other in range(1, size + 1):
                holds = verify_consistency(other, find_root(old), size, find_root(size), path)
                assert holds is (other == old)


PLACES = SIZES.flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size)))


@given(PLACES, st.data())
@settings(max_examples=tries(200))
def test_a_proof_verifies_and_after_no_change_of_it(place: tuple[int, int], data: st.DataObject) -> None:
    index, size = place
    path = prove_inclusion(index, size, make_nodes(size))
    assert path == prove_inclusion(index, size, make_read_node(LEAVES))
    assert verify_inclusion(LEAVES[index], index, size, path, find_root(size))
    for changed in change_path(path, data):
        assert not verify_inclusion(LEAVES[index], index, size, changed, find_root(size))
    assert not verify_inclusion(flip(LEAVES[index]), index, size, path, find_root(size))
    assert not verify_inclusion(LEAVES[index], index, size, path, flip(find_root(size)))
    assert not verify_inclusion(LEAVES[index], index + size, size, path, find_root(size))
    assert not verify_inclusion(LEAVES[index], index - size, size, path, find_root(size))


@given(PLACES, st.data())
@settings(max_examples=tries(200))
def test_a_proof_of_growth_verifies_and_after_no_change_of_it(place: tuple[int, int], data: st.DataObject) -> None:
    old, size = place[0] + 1, place[1]
    path = prove_consistency(old, size, make_nodes(size))
    assert verify_consistency(old, find_root(old), size, find_root(size), path)
    for changed in change_path(path, data):
        assert not verify_consistency(old, find_root(old), size, find_root(size), changed)
    assert not verify_consistency(old, flip(find_root(old)), size, find_root(size), path)
    assert not verify_consistency(old, find_root(old), size, flip(find_root(size)), path)
    assert not verify_consistency(size + 1, find_root(old), size, find_root(size), path)
    assert not verify_consistency(0, find_root(0), size, find_root(size), path)


def change_path(path: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """Return a path too long, and where it has hashes too short, in another order and with a flipped bit."""
    changed = [[*path, bytes(HASH)], [bytes(HASH), *path]]
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        changed += [path[:at] + path[at + 1 :], [*path[:at], flip(path[at]), *path[at + 1 :]]]
        changed += [[*path[:at], path[at], *path[at:]]]
    if len(path) > 1:
        changed.append([*path[1:], path[0]])
    return changed


def flip(hashed: bytes) -> bytes:
    """Return a hash with one bit changed."""
    return bytes([hashed[0] ^ 1, *hashed[1:]])


def test_what_a_tree_does_not_have_is_not_proved() -> None:
    read_node = make_nodes(5)
    for index, size in ((-1, 5), (5, 5), (0, 0)):
        with pytest.raises(ValueError, match="no such leaf"):
            prove_inclusion(index, size, read_node)
    for old, size in ((0, 5), (6, 5)):
        with pytest.raises(ValueError, match="empty or larger"):
            prove_consistency(old, size, read_node)
    with pytest.raises(ValueError, match="without leaves"):
        combine_range(3, 3, read_node)
    for height, index in ((0, 5), (1, 2), (3, 0)):
        with pytest.raises(ValueError, match="no such subtree"):
            read_node(height, index)


def test_each_tile_is_asked_for_once() -> None:
    asked: list[tuple[int, int, int]] = []
    _, tiles = keep_tiles(LEAVES[:1100])

    def read_tile(level: int, number: int, width: int) -> bytes:
        asked.append((level, number, width))
        first = number * WIDTH
        return tiles.get((level, number)) or b"".join(
            LEAVES[first : first + width] if not level else [ROOT_OF_TILE[place] for place in range(width)]
        )

    nodes = Nodes(1100, read_tile)
    assert compute_root(1100, nodes) == find_root(1100)
    path = prove_inclusion(700, 1100, nodes)
    assert verify_inclusion(LEAVES[700], 700, 1100, path, find_root(1100))
    assert sorted(asked) == [(0, 2, 256), (0, 4, 76), (1, 0, 4)]


ROOT_OF_TILE = [compute_by_definition(LEAVES[WIDTH * number : WIDTH * (number + 1)]) for number in range(4)]
