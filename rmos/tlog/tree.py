"""Prove and verify that an entry is in a log, and that a log has only grown (RFC 6962, section 2.1; RFC 9162, 2.1).

    path = prove_inclusion(index, size, read_node)
    verify_inclusion(hash_leaf(entry), index, size, path, root)      # True, or False
    verify_consistency(old_size, old_root, size, root, prove_consistency(old_size, size, read_node))

`read_node(height, index)` returns the hash of the complete subtree with 2**height leaves that begins at leaf
`index << height`; `tiles.Nodes` reads it from tiles.
"""

from collections.abc import Callable, Sequence

from rmos.digest import EMPTY_ROOT, hash_node

ReadNode = Callable[[int, int], bytes]


def combine_range(first: int, end: int, read_node: ReadNode) -> bytes:
    """Return the hash over the leaves from `first`, a multiple of a power of 2 not below their count, to before `end`.

    Raises:
        ValueError: the range is empty.
    """
    count = end - first
    if count < 1:
        raise ValueError("a range without leaves has no hash")
    hashes = []
    while count:
        height = count.bit_length() - 1
        hashes.append(read_node(height, first >> height))
        first += 1 << height
        count -= 1 << height
    whole = hashes.pop()
    while hashes:
        whole = hash_node(hashes.pop(), whole)
    return whole


def compute_root(size: int, read_node: ReadNode) -> bytes:
    """Return the root of the tree of the first `size` leaves."""
    return combine_range(0, size, read_node) if size else EMPTY_ROOT


def prove_inclusion(index: int, size: int, read_node: ReadNode) -> list[bytes]:
    """Return the hashes that lead from a leaf to the root, the nearest first (RFC 6962, section 2.1.1).

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    path = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            path.append(combine_range(middle, end, read_node))
            end = middle
        else:
            path.append(combine_range(first, middle, read_node))
            first = middle
    return path[::-1]


def prove_consistency(old_size: int, size: int, read_node: ReadNode) -> list[bytes]:
    """Return the hashes that lead from an older root to a newer one (RFC 6962, section 2.1.2).

    Raises:
        ValueError: the older tree is empty or larger than the newer one.
    """
    if not 0 < old_size <= size:
        raise ValueError("the older tree is empty or larger than the newer one")
    path = []
    first, end = 0, size
    while old_size != end:
        middle = first + _split(end - first)
        if old_size <= middle:
            path.append(combine_range(middle, end, read_node))
            end = middle
        else:
            path.append(combine_range(first, middle, read_node))
            first = middle
    if first:
        path.append(combine_range(first, end, read_node))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether a path leads from a leaf's hash to a root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, whole = index, size - 1, leaf
    for beside in path:
        if not last:
            return False
        if place & 1 or place == last:
            whole = hash_node(beside, whole)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            whole = hash_node(whole, beside)
        place >>= 1
        last >>= 1
    return not last and whole == root


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether a path shows that a tree begins with an older one (RFC 9162, section 2.1.4.2)."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not path and old_root == root
    rest = list(path)
    if old_size & (old_size - 1) == 0:
        rest.insert(0, old_root)
    if not rest:
        return False
    place, last = old_size - 1, size - 1
    while place & 1:
        place >>= 1
        last >>= 1
    old = new = rest[0]
    for beside in rest[1:]:
        if not last:
            return False
        if place & 1 or place == last:
            old, new = hash_node(beside, old), hash_node(beside, new)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            new = hash_node(new, beside)
        place >>= 1
        last >>= 1
    return not last and old == old_root and new == root


def _split(count: int) -> int:
    """Return the largest power of 2 below `count`, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1
