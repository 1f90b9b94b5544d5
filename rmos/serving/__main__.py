"""gunicorn with the settings of RMOS, wherever it is installed; further arguments are gunicorn's own.

Ctrl-C ends the process at once while gunicorn is loaded, and from then on as gunicorn does it; Python's own way is a
traceback from within whatever is just being imported.
"""

import signal
import sys
from pkgutil import resolve_name


def main() -> None:
    """Run gunicorn; ends the process."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.argv[1:] = ["--config", "python:rmos.serving.gunicorn_conf", *sys.argv[1:], "rmos:create_app()"]
    resolve_name("gunicorn.app.wsgiapp:run")()


if __name__ == "__main__":
    main()
