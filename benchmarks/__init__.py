"""How fast RMOS is on this machine: `python3 dev.py bench` prints a table and writes it as JSON.

    http         the service against a Flask hello-world in the same gunicorn, over loopback, driven by wrk
    verify       the whole store judged by one command, beside `xargs -P2 sha256sum` over the same files
    rebuild      the index made again, in place and from nothing
    operations   single steps in this process, without a network

Nothing here is a timed test: a missed target is printed, with what is needed to find out why, and fails nothing.
"""
