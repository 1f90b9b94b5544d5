from rmos.auth.throttle import _MOST_KEYS, Throttle


def test_the_limit_is_kept_within_a_window_and_forgotten_after_it() -> None:
    throttle = Throttle(limit=2, window_s=10)
    assert [throttle.count("a", now) for now in (0.0, 1.0, 2.0, 9.5)] == [0, 0, 8, 1]
    assert throttle.count("b", 2.0) == 0
    assert throttle.count("a", 10.0) == 0


def test_memory_is_bounded_and_the_oldest_makes_room() -> None:
    throttle = Throttle(limit=1, window_s=1e9)
    for number in range(3 * _MOST_KEYS):
        throttle.count(str(number), 0.0)
    assert len(throttle) == _MOST_KEYS
    assert throttle.count(str(3 * _MOST_KEYS - 1), 0.0) > 0
    assert throttle.count("0", 0.0) == 0
