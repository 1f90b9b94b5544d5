"""The key of a log in its file, and the key's own memory of what it signed last.

    keys = KeyFile(instance_path / "evidence.key")
    keys.make("shop.example/evidence")               # a new one; never behind anybody's back
    with keys.held() as signer:                      # one signer at a time on this machine
        note = signer.sign(checkpoint, log_root_of)

A log must not sign what contradicts an earlier checkpoint, and a store that was restored from an old back-up would. So
the key remembers beside itself, in `evidence.signed`, the last checkpoint that it signed, and refuses.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from rmos.errors.evidence import EvidenceBehind, EvidenceKeyUnusable, EvidenceMalformed
from rmos.objects.replaced import replace_file
from rmos.systems import fcntl
from rmos.tlog.keys import SigningKey, make_signing_key, parse_signing_key
from rmos.tlog.note import Checkpoint, Note, NoteSignature, parse_checkpoint, parse_note

KEY_FILE: Final = "evidence.key"
_PRIVATE: Final = 0o600

RootAt = Callable[[int], bytes | None]
"""Returns the root of the log at a size, None when the log is smaller."""


class KeyFile:
    """The file of a log's private key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._signed = path.with_name(f"{path.stem}.signed")

    def exists(self) -> bool:
        """Tell whether there is a key."""
        return self.path.exists()

    def make(self, origin: str) -> SigningKey:
        """Make a key; one that is there stays.

        Raises:
            EvidenceKeyUnusable: there is a key already, or it cannot be written.
        """
        key = make_signing_key(origin)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.path, key.text().encode() + b"\n", mode=_PRIVATE, exclusive=True)
        except FileExistsError:
            raise EvidenceKeyUnusable("There is a key of a log already; it is never replaced.") from None
        except OSError as error:
            raise EvidenceKeyUnusable(f"The key cannot be written: {_describe(error)}.") from None
        return key

    def read(self) -> SigningKey:
        """Return the key.

        Raises:
            EvidenceKeyUnusable: it is not there, readable by others, or none.
        """
        try:
            if self.path.stat().st_mode & 0o077:
                raise EvidenceKeyUnusable("The key can be read by others (chmod 600): whoever has it can sign.")
            return parse_signing_key(self.path.read_text("ascii").removesuffix("\n"))
        except OSError as error:
            raise EvidenceKeyUnusable(f"The key cannot be read: {_describe(error)}.") from None
        except (EvidenceMalformed, UnicodeDecodeError):
            raise EvidenceKeyUnusable("The file of the key holds none; restore it from a back-up.") from None

    @contextlib.contextmanager
    def held(self) -> Iterator["Signer"]:
        """Hold the key, so that no other process of this machine signs meanwhile.

        Raises:
            EvidenceKeyUnusable.
        """
        key = self.read()
        try:
            descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            raise EvidenceKeyUnusable(f"The key cannot be read: {_describe(error)}.") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Signer(key, self._signed)
        finally:
            os.close(descriptor)

    def last_signed(self) -> Checkpoint | None:
        """Return the last checkpoint that the key signed.

        Raises:
            EvidenceKeyUnusable: that cannot be read, so nothing may be signed.
        """
        return _read_signed(self._signed)


class Signer:
    """A key while it is held."""

    def __init__(self, key: SigningKey, signed: Path) -> None:
        self.key = key
        self._signed = signed

    def sign(self, checkpoint: Checkpoint, root_at: RootAt, *, beside: tuple[NoteSignature, ...] = ()) -> Note:
        """Sign a checkpoint, and remember it before anybody sees it.

        Args:
            root_at: of the log that the checkpoint is of.
            beside: signatures of other keys that stand first.

        Raises:
            EvidenceBehind: the key has signed a larger log, or one with another root.
            EvidenceKeyUnusable: what it signed cannot be read or written.
        """
        signed = _read_signed(self._signed)
        if signed is not None and (signed.origin != checkpoint.origin or root_at(signed.size) != signed.root):
            raise EvidenceBehind(
                f"The key has signed a log of {signed.size} entries that this one of {checkpoint.size} does not begin "
                "with: the store is an older copy, or another one."
            )
        note = Note(checkpoint.text(), (*beside, self.key.sign(checkpoint.text())))
        if signed is None or signed.size < checkpoint.size:
            try:
                replace_file(self._signed, note.encode(), mode=_PRIVATE)
            except OSError as error:
                raise EvidenceKeyUnusable(f"What the key signs cannot be noted: {_describe(error)}.") from None
        return note


def _read_signed(path: Path) -> Checkpoint | None:
    try:
        return parse_checkpoint(parse_note(path.read_bytes()).text)
    except FileNotFoundError:
        return None
    except (OSError, EvidenceMalformed):
        raise EvidenceKeyUnusable(
            f"What the key signed last ({path.name} beside it) cannot be read; restore it, nothing is signed before."
        ) from None


def _describe(error: OSError) -> str:
    return os.strerror(error.errno or 0).lower()
