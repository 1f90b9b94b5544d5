"""The WSGI entry point of a checkout: `gunicorn wsgi:app`; whoever has installed RMOS has `rmos serve`."""

from rmos import create_app

app = create_app()
