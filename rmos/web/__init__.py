"""Pages for people, and headers that keep pages apart; a view parses, makes one call and draws a template."""

from flask import Blueprint, Flask

from rmos.http import responses
from rmos.web import (
    access_page,
    assets,
    batch_page,
    calibration_page,
    candidate_page,
    compare,
    errors,
    formats,
    help_pages,
    inches,
    job,
    job_new,
    job_steps,
    jobs,
    outcome_page,
    override_page,
    pack_page,
    problem_types,
    program_check,
    record_page,
    rosettes,
    run,
    runs,
    sheet,
    shop_pages,
    sign_in,
    studio,
    theme,
    today,
    tool_life_page,
    trail_page,
    try_page,
)

_BLUEPRINTS = (
    assets.bp,
    sign_in.bp,
    today.bp,
    runs.bp,
    batch_page.bp,
    run.bp,
    outcome_page.bp,
    calibration_page.bp,
    candidate_page.bp,
    override_page.bp,
    sheet.bp,
    pack_page.bp,
    compare.bp,
    try_page.bp,
    program_check.bp,
    rosettes.bp,
    studio.bp,
    jobs.bp,
    job_new.bp,
    job.bp,
    job_steps.bp,
    shop_pages.bp,
    tool_life_page.bp,
    record_page.bp,
    trail_page.bp,
    access_page.bp,
    theme.bp,
    help_pages.bp,
    problem_types.bp,
)


def init_app(app: Flask) -> None:
    """Give an app its pages and put the headers on every response."""
    formats.init_app(app)
    inches.init_app(app)
    errors.init_app(app)
    app.register_blueprint(Blueprint("pages", __name__, template_folder="templates"))
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    responses.init_app(app)
