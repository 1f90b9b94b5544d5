"""What may lack a row, over every backend that is told so."""

from typing import Any

import pytest

from rmos.index.announcements import Announcements
from rmos.index.base import Index
from tests.index.backends import ANNOUNCING
from tests.index.rows import changed, make_session_row
from tests.makers import make_row

pytestmark = pytest.mark.parametrize("open_again", ANNOUNCING, ids=lambda make: make.__name__, indirect=True)
ROW = make_row()
RUN, DAY = ROW.run_id, ROW.partition


@pytest.fixture
def announcements(index: Index) -> Announcements:
    assert index.announcements is not None
    return index.announcements


def list_announced(announcements: Announcements) -> list[tuple[Any, ...]]:
    return sorted(announcement[:3] for announcement in announcements.older_than(-1))


def test_what_is_announced_is_told_to_all_who_open_the_index(index: Index, announcements: Announcements) -> None:
    announcements.add(DAY, RUN, 1)
    announcements.add(DAY, RUN, 0)
    announcements.add(DAY, RUN, 0)
    assert list_announced(announcements) == [(DAY, RUN, 0), (DAY, RUN, 1)]
    assert announcements.older_than(60) == []
    (oldest, _) = announcements.older_than(-1)
    assert (oldest.number, 0 <= oldest.age_s < 60) == (1, True)
    assert index.state().complete, "a row that has not come yet was never acknowledged"


def test_many_are_announced_at_once_as_each_would_be(announcements: Announcements) -> None:
    other = "run_" + "0" * 32
    announcements.add(DAY, RUN, 1)
    announcements.add_many([(DAY, RUN, 1), (DAY, other, 0), (f"_sessions/{DAY}", "ws_1", 2)])
    assert list_announced(announcements) == [(DAY, other, 0), (DAY, RUN, 1), (f"_sessions/{DAY}", "ws_1", 2)]


def test_the_row_of_a_record_takes_off_what_was_announced_of_it_up_to_its_version(
    index: Index, announcements: Announcements
) -> None:
    for number in range(4):
        announcements.add(DAY, RUN, number)
    announcements.add(DAY, "run_" + "0" * 32, 0)
    index.runs.upsert([changed(ROW, version=2)])
    assert list_announced(announcements) == [(DAY, "run_" + "0" * 32, 0), (DAY, RUN, 3)]
    index.runs.upsert([changed(ROW, version=1)])
    assert (DAY, RUN, 3) in list_announced(announcements)
    index.runs.upsert([changed(ROW, version=7)])
    announcements.add(DAY, RUN, 6)
    index.runs.upsert([changed(ROW, version=6)])
    assert (DAY, RUN, 6) not in list_announced(announcements), "a newer row stands, which has it"


def test_a_copy_at_another_place_takes_nothing_off(index: Index, announcements: Announcements) -> None:
    announcements.add(DAY, RUN, 0)
    index.runs.upsert([changed(ROW, partition="2025-12-24", state="damaged", version=5)])
    assert list_announced(announcements) == [(DAY, RUN, 0)]


def test_the_row_of_a_session_takes_off_what_was_announced_in_the_folder_of_sessions(
    index: Index, announcements: Announcements
) -> None:
    row = make_session_row(version=2)
    folder = f"_sessions/{row.partition}"
    for number in (0, 1, 2, 3):
        announcements.add(folder, row.session_id, number)
    index.sessions.upsert([row])
    assert list_announced(announcements) == [(folder, row.session_id, 3)]


def test_what_is_dropped_is_gone_and_nothing_else(announcements: Announcements) -> None:
    for number in (0, 1, 2):
        announcements.add(DAY, RUN, number)
    announcements.drop([found for found in announcements.older_than(-1) if found.number < 2])
    assert list_announced(announcements) == [(DAY, RUN, 2)]
    announcements.drop([])
    assert list_announced(announcements) == [(DAY, RUN, 2)]
