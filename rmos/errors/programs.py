"""Programs that do not leave, or cannot be read: each says what speaks against it, and where.

    raise NotCovered("The program goes beyond what was approved.", exceeded=[{"what": "feed_mm_min", …}])

A machine does what a program says, whatever was evaluated beside it; so a refusal here is never softened.
"""

from rmos.errors.base import RmosError


class NotCovered(RmosError):
    """The program does more than was approved, or nobody knows what it does; `exceeded` tells each with its line."""

    code, title, status = "NOT_COVERED", "Program is not covered", 409
    remedy = "Mend the program where `exceeded` says, or have the cut approved that it makes, and store it again."


class StaleApproval(RmosError):
    """What the program was approved by has changed since; `changed` names what."""

    code, title, status = "STALE_APPROVAL", "Approval is stale", 409
    remedy = "Request the feasibility again, approve it, and store the program again."


class PackNotReady(RmosError):
    """Something that an operator pack needs is not there yet; `missing` names what."""

    code, title, status = "PACK_NOT_READY", "Pack is not ready", 409
    remedy = "Do what `missing` names: approve the cut, store its program, or have its decision overridden."


class ProgramGated(RmosError):
    """Bytes of a program leave at one address only, which asks each time whether they still may; `address` is it."""

    code, title, status = "PROGRAM_GATED", "Programs leave at their own address", 409
    remedy = "Get the program from `address`; it says what speaks against it when it does not come."


class ProgramNotFound(RmosError):
    """The run has no program, or none of this number."""

    code, title, status = "PROGRAM_NOT_FOUND", "Program not found", 404
    remedy = "List the programs of the run, and compare the number and the run with them."


class ProgramNotDrawn(RmosError):
    """Nothing can be drawn of the program: it was not measured, or cannot be read again."""

    code, title, status = "PROGRAM_NOT_DRAWN", "Program cannot be drawn", 409
    remedy = "Read the findings of the run; a program that was measured has a picture."


class NoMotion(RmosError):
    """The program moves nothing: it is empty, or no program."""

    code, title, status, exit_code = "NO_MOTION", "Program without motion", 422, 2
    remedy = "Send the file that the CAM posted, with its G and X words."


class ProgramArchive(RmosError):
    """An archive came where one program is taken; `names` lists what it holds."""

    code, title, status, exit_code = "PROGRAM_ARCHIVE", "An archive is no program", 422, 2
    remedy = "Unpack it and send its programs one by one."
