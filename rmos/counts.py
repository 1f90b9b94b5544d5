"""Numbers and what is counted, as people say it: one finding, two findings.

count_of(1, "finding")                      # "1 finding"
count_of(3, "run is", "runs are")           # "3 runs are"
"""


def count_of(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun, and its verb where that goes along.

    Args:
        many: for every other number than one; by default the noun with an s.
    """
    return f"{number} {one if number == 1 else many or f'{one}s'}"
