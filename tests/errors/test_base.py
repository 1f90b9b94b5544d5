"""The root of the error tree: what an error carries, and that worker processes hand it back whole."""

import pickle

from rmos.errors.base import RmosError, every_error
from rmos.errors.records import RunNotFound
from rmos.errors.request import ValidationFailed

KINDS = [kind for kind in every_error() if kind.__module__.startswith("rmos.errors.")]


def test_an_error_comes_back_from_another_process_with_all_that_it_said() -> None:
    for kind in KINDS:
        error = kind("A sentence.", errors={"limit": ["Too large."]}, retry_after_s=5, run_id="run_x", version=3)
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is kind
        assert vars(again) == vars(error)
        assert str(again) == "A sentence."


def test_an_error_says_only_what_it_was_given() -> None:
    error = RunNotFound("There is no run with this id.", run_id="run_x")
    assert (error.detail, error.members) == ("There is no run with this id.", {"run_id": "run_x"})
    assert error.errors is None
    assert error.retry_after_s is None


def test_the_base_comes_first_and_each_class_once() -> None:
    kinds = list(every_error())
    assert kinds[0] is RmosError
    assert ValidationFailed in kinds
    assert len(kinds) == len(set(kinds))
