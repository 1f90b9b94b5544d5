"""What ends a run of the benchmarks in one line."""


class CannotMeasure(Exception):
    """Something that measuring needs is not there or did not work; the message says what."""
