"""`/programs/check`: a file that a CAM posted is dropped into a form; the run of its check shows what came of it.

The same service checks it as for programs (`POST /api/rmos/programs`). The run is recorded whatever comes of it, once
for each drawing of the form; its page has the decision, each finding with its line, and the picture.
"""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response
from marshmallow import ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import digest, ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.programs import NoMotion, ProgramArchive
from rmos.errors.request import IdempotencyKeyReused, PayloadTooLarge, ValidationFailed
from rmos.http.multipart import Form
from rmos.schemas.programs import load_program_form
from rmos.services.artifact import Idempotency
from rmos.services.program_checks import check_sent_program
from rmos.web.form import KEY, make_form_key, read_form_idempotency, read_problem
from rmos.web.program_fields import FILE, list_program_fields, make_parts, name_fields
from rmos.web.shell import render_page, send_to

bp = Blueprint("program_check", __name__)

_OF_THE_FILE: Final = (NoMotion, ProgramArchive)
_REFUSED: Final = (ValidationError, ValidationFailed, IdempotencyKeyReused, *_OF_THE_FILE)


@bp.get("/programs/check")
@requires("recorder")
def ask_for_program() -> Response:
    """Show the form."""
    return _show_form({})


@bp.post("/programs/check")
@requires("recorder")
def check_dropped_program() -> WerkzeugResponse:
    """Check the program and lead to the run; the form is shown again where something in it cannot be used."""
    us, rmos = ids.now_us(), current_rmos()
    limit = rmos.settings.max_program_bytes
    form = Form(limit)
    data = b"".join(form.chunks())
    if len(data) > limit:
        raise PayloadTooLarge(f"A program may have {limit} bytes.", limit_bytes=limit)
    texts = {name: text.replace("\r\n", "\n").strip() for name, text in form.fields.items() if name != KEY}
    try:
        if not data:
            raise ValidationFailed.of_request({FILE: ["Choose the file that the CAM posted."]})
        asked = load_program_form(make_parts(texts), data, form.filename)
        done = check_sent_program(
            rmos.store,
            rmos.engines,
            asked,
            actor=current_actor(),
            us=us,
            engine_timeout_ms=rmos.settings.engine_timeout_ms,
            idempotency=_read_idempotency(form, texts, data),
        )
    except _REFUSED as refusal:
        return _show_form(texts, form.fields.get(KEY), refusal)
    if done.recorded is None:
        raise AssertionError("a check that is no dry run is recorded")
    return send_to(f"/runs/{done.recorded.run_id}")


def _read_idempotency(form: Form, texts: Mapping[str, str], data: bytes) -> Idempotency:
    """Return the key of the form with the digest of all that it sends, the file too.

    Raises:
        ValidationFailed: no page of ours made it.
    """
    sent = {**texts, FILE: digest.sha256_hex(data), KEY: form.fields.get(KEY, "")}
    return read_form_idempotency({name: [text] for name, text in sent.items()})


def _show_form(texts: Mapping[str, str], key: str | None = None, refusal: Exception | None = None) -> Response:
    problem = None if refusal is None else read_problem(refusal)
    errors = {} if problem is None else name_fields(problem.errors)
    if problem is not None and isinstance(refusal, _OF_THE_FILE):
        errors = {FILE: problem.detail}
    groups = list_program_fields(current_rmos().engines.shop, texts, errors)
    names = {field.name for fields in groups.values() for field in fields}
    # A form that was refused has done nothing, so its key is good for what comes of it; one that was used is not.
    keeps_key = refusal is not None and not isinstance(refusal, IdempotencyKeyReused) and KEY not in errors
    return render_page(
        "program_check.html",
        here="try",
        keeps=False,
        status=200 if problem is None else problem.status,
        groups=groups,
        key=(key if keeps_key else None) or make_form_key(),
        problem=problem,
        others={name: text for name, text in errors.items() if name not in names},
    )
