"""Where the stock lies and where the tip travels, as heights of the program."""

from typing import NamedTuple, Self

from rmos.cam.paths.cut import PathCut, PathOptions


class Heights(NamedTuple):
    """Heights of Z, µm from the zero of the program."""

    top: int
    """Of the stock."""
    clearance: int
    """Where rapids end and the feed begins."""
    safe: int
    """Where rapids travel."""

    @classmethod
    def of(cls, cut: PathCut, options: PathOptions) -> Self:
        """Return the heights of an operation."""
        top = cut.stock_um if options.zero == "bed" else 0
        return cls(top, top + options.clearance_um, top + max(options.safe_um, options.clearance_um))
