"""The door by which gunicorn finds its settings when it is started in this folder: `gunicorn wsgi:app`.

They are in the package, so that whoever has installed RMOS has them too: `rmos serve`.
"""

from rmos.serving.gunicorn_conf import *  # noqa: F403 - gunicorn reads whatever settings and hooks stand here
