"""How RMOS is served: gunicorn's settings, the address to listen on, and what is found out once it answers.

    python -m rmos.serving --bind 127.0.0.1:8000      # gunicorn with the settings of RMOS, from any folder

`rmos serve` starts it so, on an address that is free, and says where the service is (`rmos/cli/serve.py`).
"""
