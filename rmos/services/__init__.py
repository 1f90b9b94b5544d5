"""The use cases that write. They know no Flask and no Click: the web and the command line share them."""

from rmos.services.rosettes.recorder import generate_advisory_svg

__all__ = ["generate_advisory_svg"]
