"""The WSGI entry point: `gunicorn wsgi:app`, and what `flask rmos …` finds by itself in this folder."""

from rmos import create_app

app = create_app()
