import base64
import re
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rmos import ids
from rmos.errors.request import BadCursor

US = 1_766_483_173_123_456  # 2025-12-23T09:46:13.123456Z
moments = st.integers(0, 253_402_300_799_999_999)  # until the end of the year 9999


def test_a_new_id_is_a_uuid_of_version_7_of_that_moment() -> None:
    run_id = ids.new_run_id(US)
    assert re.fullmatch("run_[0-9a-f]{32}", run_id)
    made = uuid.UUID(hex=run_id[4:])
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == US // 1000
    assert ids.is_run_id(run_id)


@pytest.mark.parametrize(
    ("make", "form"), [(ids.new_event_id, "evt_[0-9a-f]{32}"), (ids.new_run_id, "run_[0-9a-f]{32}")]
)
def test_ids_of_one_moment_differ(make: object, form: str) -> None:
    assert callable(make)
    made = {make(US) for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(form, one) for one in made)


def test_request_ids_have_their_form_and_differ() -> None:
    made = {ids.new_request_id() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("req_[0-9a-f]{16}", one) and ids.REQUEST_ID.fullmatch(one) for one in made)


@given(moments)
def test_the_moment_goes_into_the_id_and_comes_out_of_it(us: int) -> None:
    assert ids.moment_of(ids.new_run_id(us)) == us
    assert ids.moment_of(ids.new_run_id(us).removeprefix("run_")) == us


@given(moments, moments)
def test_the_order_of_ids_and_of_texts_is_the_order_of_time(a: int, b: int) -> None:
    if a != b:
        assert (ids.new_run_id(a) < ids.new_run_id(b)) == (a < b) == (ids.utc_text(a) < ids.utc_text(b))


@given(moments, st.integers(0, 26), st.sampled_from("0123456789TZ.:,-+W "), moments)
@example(0, 25, "Z", 1)
@example(0, 20, "+", 1)
def test_a_text_is_that_of_a_moment_only_as_it_is_written(us: int, place: int, sign: str, other: int) -> None:
    text = ids.utc_text(us)
    assert ids.is_utc_text(text, us)
    assert ids.is_utc_text(text, other) == (us == other)
    changed = text[:place] + sign + text[place + 1 :]
    assert ids.is_utc_text(changed, us) == (changed == text)
    for longer in (text[:-1], text + "Z", text[:-1] + "+00:00", "", text.replace("Z", "z"), text.replace("T", " ")):
        assert not ids.is_utc_text(longer, us)


@given(moments)
def test_a_moment_goes_to_text_and_back(us: int) -> None:
    text = ids.utc_text(us)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
    assert ids.parse_utc(text) == us
    assert ids.partition_of(us) == text[:10]
    assert ids.is_partition(ids.partition_of(us))


def test_the_clock_is_read_in_microseconds_of_utc() -> None:
    before = datetime.now(UTC).timestamp() * 1e6
    assert before - 1000 <= ids.now_us() <= before + 5_000_000


def test_days_end_at_midnight_in_utc() -> None:
    midnight = ids.parse_utc("2025-12-24")
    assert ids.partition_of(midnight - 1) == "2025-12-23"
    assert ids.partition_of(midnight) == "2025-12-24"


@pytest.mark.parametrize(
    "run_id",
    [
        "run_361afb6600604d12a3f5db546e6fc575",  # version 4
        "run_361afb6600607d12c3f5db546e6fc575",  # another variant
        "run_361afb6600607fffa3f5db546e6fc575",  # 4095 microseconds within a millisecond
        "run_361afb660060",  # short, of the earlier system
        "run_361afb6600607d12a3f5db546e6fc57",  # one digit short
        "run_ffffffffffff70008000000000000000",  # the year 10889
        "run_e677d21fdc0070008000000000000000",  # the first millisecond of the year 10000
    ],
)
def test_ids_that_carry_no_moment_have_none(run_id: str) -> None:
    assert ids.is_run_id(run_id)
    assert ids.moment_of(run_id) is None


def test_the_last_moment_that_an_id_can_carry_still_has_a_partition() -> None:
    us = ids.moment_of("run_e677d21fdbff73e78000000000000000")
    assert us == 253_402_300_799_999_999
    assert ids.partition_of(us) == "9999-12-31"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "run_",
        "run_361afb66006",  # 11 digits
        "run_361afb6600607d12a3f5db546e6fc5750",  # 33
        "361afb6600607d12a3f5db546e6fc57",  # bare, 31
        "run_361AFB6600607D12A3F5DB546E6FC575",
        "run_361afb6600607d12a3f5db546e6fc575\n",
        " run_361afb6600607d12a3f5db546e6fc575",
        "run_361afb6600607d12a3f5db546e6fc57/",
        "run_..",
        "run_361afb660060.json",
        "run_361afb660060_advisory_x",
        "run_*",
        "run_٣٦١٣٦١٣٦١٣٦١",
        "ws_361afb6600607d12a3f5db546e6fc575",
    ],
)
def test_trap_09_nothing_but_hexadecimal_ids_is_an_id(text: str) -> None:
    assert not ids.is_run_id(text)


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("2025-12-05T16:46:13.123456Z", 1_764_953_173_123_456),
        ("2025-12-05T16:46:13Z", 1_764_953_173_000_000),
        ("2025-12-05T16:46:13+00:00", 1_764_953_173_000_000),
        ("2025-12-05T17:46:13.5+01:00", 1_764_953_173_500_000),
        ("2025-12-05 11:46:13.000001-05:00", 1_764_953_173_000_001),
        ("2025-12-05T16:46:13.123456789Z", 1_764_953_173_123_456),
        ("2025-12-05", 1_764_892_800_000_000),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ],
)
def test_trap_14_times_are_compared_as_moments_whatever_their_text(text: str, us: int) -> None:
    assert ids.parse_utc(text) == us


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2025-12-05T16:46:13",  # no offset
        "2025-12-05T16:46",
        "2025-12-05T16:46Z",
        "2025-13-05T16:46:13Z",
        "2025-02-29",
        "2025-12-05T25:00:00Z",
        "2025-12-05T16:46:60Z",
        "20251205T164613Z",
        "2025-W49-5T16:46:13Z",
        "2025-12-05X16:46:13Z",
        "2025-12-05T16:46:13Z\n",
        "2025-12-05T16:46:13+25:00",
        "٢٠٢٥-١٢-٠٥",
        "0001-01-01T00:00:00+00:01",  # before the year 1, in UTC
        "9999-12-31T23:59:59-00:01",  # after the year 9999
    ],
)
def test_what_is_no_moment_is_refused_and_never_taken_for_now(text: str) -> None:
    with pytest.raises(ValueError):
        ids.parse_utc(text)


@pytest.mark.parametrize(
    "name",
    ["", "2025-2-3", "2025-02-30", "2025-12-23x", "_sessions", "0000-01-01", "20251223", "٢٠٢٥-١٢-٢٣", "2025-12-23\n"],
)
def test_only_dates_are_partitions(name: str) -> None:
    assert not ids.is_partition(name)


@given(moments)
def test_a_cursor_comes_back_as_it_was_made(us: int) -> None:
    run_id = ids.new_run_id(us)
    cursor = ids.make_cursor(us, run_id)
    assert re.fullmatch("[A-Za-z0-9_-]+", cursor)
    assert ids.read_cursor(cursor) == (us, run_id)
    assert base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode() == f"{ids.utc_text(us)}|{run_id}"


def test_cursors_of_earlier_ids_and_of_times_that_the_id_does_not_carry_come_back_too() -> None:
    for run_id in ("run_361afb660060", "361afb6600609b12a3f5db546e6fc575", ids.new_run_id(US + 5)):
        assert ids.read_cursor(ids.make_cursor(US, run_id)) == (US, run_id)


def test_trap_13_a_cursor_with_any_byte_changed_is_refused_or_another_place_and_never_the_first_page() -> None:
    run_id = "run_" + "0123456789abcdef" * 2
    cursor = ids.make_cursor(US, run_id)
    refused = 0
    for place in range(len(cursor)):
        for letter in "Az0-_=+/ é\n\x00":
            damaged = cursor[:place] + letter + cursor[place + 1 :]
            if damaged == cursor:
                continue
            try:
                found = ids.read_cursor(damaged)
            except BadCursor:
                refused += 1
            else:
                assert ids.make_cursor(*found) == damaged
    assert refused > 0.9 * 11 * len(cursor)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "=",
        "AAAA",
        "é",
        "page-two",
        base64.urlsafe_b64encode(b"|").decode(),
        base64.urlsafe_b64encode(b"now|run_361afb660060").decode(),
        base64.urlsafe_b64encode(b"2025-12-05T16:46:13Z|run_361afb660060").decode(),  # a text that we do not write
        base64.urlsafe_b64encode(b"2025-12-05T16:46:13.000000Z|../../etc/passwd").decode(),
        base64.urlsafe_b64encode(b"2025-12-05T16:46:13.000000Z|run_361afb660060|x").decode(),
    ],
)
def test_trap_13_a_bad_cursor_is_an_error(cursor: str) -> None:
    with pytest.raises(BadCursor):
        ids.read_cursor(cursor)


def test_trap_13_a_truncated_or_doubled_cursor_is_an_error() -> None:
    cursor = ids.make_cursor(US, "run_" + "0123456789abcdef" * 2)
    for end in range(len(cursor)):
        if end >= 4 and len(cursor) - end <= 27:
            continue  # a shorter id of the earlier system may remain
        with pytest.raises(BadCursor):
            ids.read_cursor(cursor[:end])
    for longer in (cursor + "=", cursor + cursor, cursor + "A"):
        with pytest.raises(BadCursor):
            ids.read_cursor(longer)
