"""The DXF, read back by programs that did not write it: ezdxf, and Inkscape's importer."""

import io
import math
import re
import shutil
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import ezdxf
import pytest

from rmos.digest import sha256_hex
from rmos.errors.request import ValidationFailed
from rmos.rosette.dxf import dxf_text
from rmos.rosette.interpret import interpret
from rmos.rosette.machining import operations_of
from rmos.rosette.spec import Ring, RosetteSpec
from rmos.rosette.vary import vary
from tests.rosette.makers import BWB, TYPICAL, make_ring, make_spec

LARGE = ("celtic", "braid")
"""Kinds whose files are large: a second and more to read each."""
INLAID = ("shell", "wedges", "wheel", "dots", *LARGE, "greek_key", "wave", "diamond")
MIXED = "pearl dots in ebony every 15 degrees, solid koa edges"


def each(kinds: Iterable[str]) -> list[Any]:
    """Return the kinds as parameters, the large ones for the long rounds."""
    return [pytest.param(kind, marks=pytest.mark.long) if kind in LARGE else kind for kind in kinds]


def read(spec: RosetteSpec) -> Any:
    return ezdxf.read(io.StringIO(dxf_text(spec)))  # type: ignore[attr-defined]


def drawn(prompt: str) -> RosetteSpec:
    return vary(interpret(prompt).spec, 3)


def shapes(spec: RosetteSpec, kind: str) -> list[Any]:
    return [entity for entity in read(spec).modelspace() if entity.dxftype() == kind]


@pytest.mark.parametrize("kind", each(TYPICAL))
def test_it_is_read_without_a_complaint_and_says_millimetres(kind: str) -> None:
    document = read(make_spec(BWB, make_ring(kind)))
    audit = document.audit()
    assert (audit.errors, audit.fixes) == ([], [])
    assert (document.header["$INSUNITS"], document.header["$MEASUREMENT"]) == (4, 1)
    used = {entity.dxf.layer for entity in document.modelspace()}
    assert used == {layer.dxf.name for layer in document.layers} - {"0", "Defpoints"}
    assert all(re.fullmatch(r"[A-Z0-9_]{1,31}", name) for name in used)


def test_sizes_are_those_of_the_rosette() -> None:
    circles = defaultdict(set)
    for circle in shapes(make_spec(BWB, make_ring("solid")), "CIRCLE"):
        circles[circle.dxf.layer].add((circle.dxf.radius, circle.dxf.center.x))
    # The solid ring is cut of another board: it lies 10 mm beside the top.
    assert circles == {
        "SOUNDHOLE_D2_5MM": {(43, 0)},
        "CHANNEL_D1_5MM": {(46, 0), (53.5, 0)},
        "RING_CUTOUT_R2_D1_7MM": {(47.5, 117), (53.5, 117)},
        "REFERENCE": {(47.5, 0)},
    }


@pytest.mark.parametrize("kind", each(INLAID))
def test_each_operation_has_a_layer_of_its_depth(kind: str) -> None:
    """What the engine judges of a ring is cut in a layer that names it, the ring and the depth."""
    spec = make_spec(BWB, make_ring(kind, materials=("mother_of_pearl", "ebony")))
    layers = {entity.dxf.layer for entity in read(spec).modelspace()}
    for operation in operations_of(spec):
        depth = f"D{operation.design['total_depth_mm']}MM".replace(".", "_")
        ring = f"_R{operation.ring}" if operation.ring else ""
        found = [name for name in layers if name.startswith(operation.name.upper() + ring) and name.endswith(depth)]
        assert found, (operation.name, operation.ring, depth, layers)


@pytest.mark.parametrize("kind", each(INLAID))
@pytest.mark.parametrize("tiles", [None, 17])
def test_every_line_is_there_once(kind: str, tiles: int | None) -> None:
    spec = make_spec(BWB, make_ring(kind, tile_count=tiles), make_ring("solid", width=3000), BWB)
    runs: dict[Any, list[tuple[float, float]]] = defaultdict(list)
    for entity in read(spec).modelspace():
        for key, start, end in stretches(entity):
            runs[key].append((min(start, end), max(start, end)))
    for key, found in runs.items():
        found.sort()
        for (_, end), (begin, _) in pairwise(found):
            assert begin > end - 0.003, (key, end - begin)


def stretches(entity: Any) -> list[tuple[Any, float, float]]:
    """Return which lines or circles an entity runs along, from where to where: mm, or degrees of a circle."""
    if entity.dxftype() in ("CIRCLE", "ARC"):
        centre = (round(entity.dxf.center.x, 2), round(entity.dxf.center.y, 2), round(entity.dxf.radius, 2))
        if entity.dxftype() == "CIRCLE":
            return [(centre, 0, 360)]
        start, span = entity.dxf.start_angle, (entity.dxf.end_angle - entity.dxf.start_angle) % 360
        assert 0 < span < 180
        return [(centre, start, min(start + span, 360))] + ([(centre, 0, start + span - 360)] * (start + span > 360))
    if entity.dxftype() == "LINE":
        return [along((entity.dxf.start.x, entity.dxf.start.y), (entity.dxf.end.x, entity.dxf.end.y))]
    assert entity.is_closed
    points = [(vertex.dxf.location.x, vertex.dxf.location.y) for vertex in entity.vertices]
    return [along(a, b) for a, b in zip(points, [*points[1:], points[0]], strict=True) if math.dist(a, b) > 0.05]


def along(a: tuple[float, float], b: tuple[float, float]) -> tuple[Any, float, float]:
    angle = math.atan2(b[1] - a[1], b[0] - a[0]) % math.pi
    x, y = math.cos(angle), math.sin(angle)
    key = ("line", round(math.degrees(angle), 1) % 180, round(a[1] * x - a[0] * y, 2))
    return key, a[0] * x + a[1] * y, b[0] * x + b[1] * y


def test_dots_are_circles_in_their_places() -> None:
    spec = drawn(MIXED)
    place = next(place for place, ring in enumerate(spec.rings, start=1) if ring.kind == "dots")
    circles = shapes(spec, "CIRCLE")
    pockets = [one for one in circles if one.dxf.layer.startswith(f"INLAY_POCKET_R{place}_")]
    parts = [one for one in circles if one.dxf.layer.startswith(f"INLAY_PART_R{place}_MOTHEROF")]
    assert len(pockets) == len(parts) == 24
    assert {one.dxf.radius for one in pockets} == {one.dxf.radius for one in parts}
    _, inner, outer = spec.placed()[place - 1]
    distances = {round(math.hypot(one.dxf.center.x, one.dxf.center.y), 2) for one in pockets}
    assert distances == {round((inner + outer) / 2000, 2)}
    turns = sorted(math.degrees(math.atan2(one.dxf.center.y, one.dxf.center.x)) for one in pockets)
    assert {round(b - a, 2) for a, b in pairwise(turns)} == {15.0}


@pytest.mark.parametrize(
    ("kind", "arcs", "lines", "polylines"),
    [("wheel", 48, 48, 0), ("wedges", 24, 24, 0), ("diamond", 0, 12 * 4 * (2 + 2 + 1), 0), ("wave", 0, 0, 2 * 2 + 24)],
)
def test_arcs_are_arcs_and_only_other_curves_are_polylines(kind: str, arcs: int, lines: int, polylines: int) -> None:
    spec = make_spec(make_ring(kind, tile_count=12))
    counts = Counter(entity.dxftype() for entity in read(spec).modelspace())
    assert (counts["ARC"], counts["LINE"], counts["POLYLINE"]) == (arcs, lines, polylines)


def test_a_meander_is_two_closed_edges_and_not_a_key_after_another() -> None:
    document = read(make_spec(make_ring("greek_key", tile_count=20)))
    pocket = [one for one in document.modelspace() if one.dxf.layer.startswith("INLAY_POCKET")]
    assert len(pocket) == 20 * (6 + 7)
    assert meetings(pocket) == {2}


@pytest.mark.parametrize("kind", ["wheel", "wedges", "shell", "diamond"])
def test_the_outline_of_every_piece_is_closed(kind: str) -> None:
    document = read(make_spec(make_ring(kind, materials=("abalone", "ebony"), tile_count=12)))
    layers = defaultdict(list)
    for one in document.modelspace():
        if one.dxftype() != "CIRCLE":
            layers[one.dxf.layer].append(one)
    assert layers
    for name, cut in layers.items():
        # Lozenges touch tip to tip: four lines meet there.
        assert meetings(cut) <= {2, 4}, name


def meetings(entities: list[Any]) -> set[int]:
    """Return how many ends of lines and arcs meet at one point, at all of them: within 3 micrometres."""
    ends = []
    for one in entities:
        line = one.dxftype() == "LINE"
        ends += [one.dxf.start, one.dxf.end] if line else [one.start_point, one.end_point]
    points = [(end.x, end.y) for end in ends]
    return {sum(math.dist(point, other) < 0.003 for other in points) for point in points}


def test_the_seam_is_at_the_top() -> None:
    spec = make_spec(make_ring("wheel", tile_count=4))
    arcs = [one for one in shapes(spec, "ARC") if one.dxf.layer.startswith("INLAY_POCKET")]
    # The first segment lies between 12 and 3 o'clock, where y points up.
    assert any(0 < one.dxf.start_angle < one.dxf.end_angle < 90 for one in arcs)


def test_pieces_lie_beside_the_top_and_apart_from_each_other() -> None:
    spec = make_spec(make_ring("dots", width=8000, tile_count=60))
    parts = [one for one in shapes(spec, "CIRCLE") if one.dxf.layer.startswith("INLAY_PART")]
    places = [(one.dxf.center.x, one.dxf.center.y) for one in parts]
    assert len(set(places)) == 60
    nearest = min(math.dist(a, b) for at, a in enumerate(places) for b in places[:at])
    assert nearest >= 2 * parts[0].dxf.radius + 4.99
    assert min(x for x, _ in places) > spec.outer_radius / 1000
    extent = read(spec).header["$EXTMAX"]
    assert extent[0] == max(x for x, _ in places) + parts[0].dxf.radius


def test_few_and_long_pieces_do_not_overlap_either() -> None:
    spec = make_spec(make_ring("wedges", tile_count=3))
    boxes = []
    arcs = [one for one in shapes(spec, "ARC") if one.dxf.layer.startswith("INLAY_PART")]
    for at in range(0, len(arcs), 2):
        xs = [point.x for one in arcs[at : at + 2] for point in one.flattening(0.01)]
        boxes.append((min(xs), max(xs)))
    assert all(right[0] - left[1] >= 4.9 for left, right in pairwise(sorted(boxes)))


@pytest.mark.long
def test_the_work_is_bounded() -> None:
    began = time.process_time()
    for kind in ("celtic", "braid", "greek_key", "diamond"):
        with pytest.raises(ValidationFailed, match="too much for one file"):
            dxf_text(make_spec(*[make_ring(kind, tile_count=1500)] * 8))
    assert time.process_time() - began < 2
    assert dxf_text(make_spec(make_ring("celtic", width=9000, tile_count=60), make_ring("diamond", tile_count=200)))


def test_the_same_bytes_from_run_to_run_and_machine_to_machine() -> None:
    spec = drawn("12 spoke wheel, koa and maple")
    assert dxf_text(spec) == dxf_text(spec)
    assert sha256_hex(dxf_text(spec).encode()) == ("348ffb876266a1a55146ea839e9af333534b8e0db57fed5a50d3805a9288900e")
    assert "\r" not in dxf_text(spec)


def test_gaps_and_rings_without_a_cut_are_no_layers() -> None:
    spec = make_spec(BWB, Ring(kind="gap", width=3000), BWB)
    assert Counter(one.dxf.layer for one in read(spec).modelspace()) == {"SOUNDHOLE_D2_5MM": 1, "CHANNEL_D1_5MM": 4}


IMPORTER = Path("/usr/share/inkscape/extensions/dxf_input.py")
PX = 96 / 25.4


@pytest.mark.inkscape
def test_inkscape_reads_layers_circles_and_millimetres(tmp_path: Path) -> None:
    """The importer that Inkscape runs, asked to take the unit from the file: a px is a 96th of an inch there."""
    if shutil.which("inkscape") is None:
        pytest.fail("inkscape is not there: install the Debian package inkscape", pytrace=False)
    spec = drawn(MIXED)
    file = tmp_path / "rosette.dxf"
    file.write_text(dxf_text(spec), encoding="ascii", newline="\n")
    command = ["/usr/bin/python3", str(IMPORTER), "--scalemethod=file", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    layers = dict(re.findall(r'inkscape:label="(\w+)">(.*?)</g>', done.stdout, re.DOTALL))
    mine = Counter(one.dxf.layer for one in read(spec).modelspace())
    assert {name: text.count("<path") for name, text in layers.items()} == dict(mine)
    hole = re.search(r"A ([\d.]+),", layers["SOUNDHOLE_D2_3MM"])
    assert hole is not None
    assert float(hole[1]) / PX == pytest.approx(43, abs=0.001)
