"""Problems as exceptions."""

import pickle

import pytest

from rmos.client import ProblemError, errors
from rmos.errors.base import every_error


def test_every_code_that_has_a_class_is_one_of_the_service() -> None:
    codes = {code for kind in ProblemError.__subclasses__() for code in kind.codes}
    assert codes <= {kind.code for kind in every_error()}


def test_an_unknown_code_is_a_problem_all_the_same() -> None:
    problem = errors.make_problem_error(418, {"error": "TEAPOT", "detail": "Short and stout.", "request_id": "req_1"})
    assert type(problem) is ProblemError
    assert (problem.code, problem.request_id, str(problem)) == ("TEAPOT", "req_1", "TEAPOT (418): Short and stout.")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "UNAUTHENTICATED", errors.Unauthenticated),
        (403, "FORBIDDEN", errors.Forbidden),
        (403, "RED_OVERRIDE_DISABLED", errors.Forbidden),
        (429, "TOO_MANY_ATTEMPTS", errors.TooManyRequests),
        (503, "INDEX_REBUILDING", errors.Unavailable),
        (410, "RUN_DELETED", errors.RunDeleted),
        (500, "RECORD_DAMAGED", errors.RecordDamaged),
        (400, "BAD_CURSOR", errors.ValidationFailed),
    ],
)
def test_what_programs_act_on_has_a_class(status: int, code: str, kind: type) -> None:
    assert type(errors.make_problem_error(status, {"error": code})) is kind


def test_an_answer_that_is_no_problem_of_ours_has_a_code_by_its_status() -> None:
    assert errors.make_problem_error(500, {"title": "Oops"}).code == "HTTP_500"


def test_a_problem_survives_the_way_to_another_process() -> None:
    problem = errors.make_problem_error(422, {"error": "VALIDATION_FAILED", "errors": {"mode": ["No."]}}, 3.0)
    again = pickle.loads(pickle.dumps(problem))
    assert (type(again), again.errors, again.retry_after_s) == (errors.ValidationFailed, {"mode": ["No."]}, 3.0)
