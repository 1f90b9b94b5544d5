"""`rmos openapi`: the document of the HTTP routes, as the service has it at /api/openapi.json."""

import click
from flask import current_app
from flask.cli import with_appcontext

from rmos.cli.exits import DONE
from rmos.cli.output import json_option
from rmos.http.openapi import render_document


@click.command("openapi")
@json_option
@with_appcontext
def openapi(as_json: bool) -> int:
    """Print the OpenAPI document of the HTTP routes.

    It is JSON with and without --json, and what the service answers at
    /api/openapi.json. Opens no store and changes nothing.

    \b
    Exit codes: 0 printed, 2 usage, 130 interrupted.
    """
    click.echo(render_document(current_app), nl=False)
    return DONE
