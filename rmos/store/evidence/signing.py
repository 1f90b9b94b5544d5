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
from rmos.tlog.note import Checkpoint, Note, VerifierKey, parse_checkpoint, parse_note

KEY_FILE: Final = "evidence.key"
_PRIVATE: Final = 0o600

RootAt = Callable[[int], bytes | None]
"""Returns the root of the log at a size, None when the log is smaller."""


class KeyFile:
    """The file of a log's private key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next = path.with_name(f"{path.name}.next")
        self._signed = path.with_name(f"{path.stem}.signed")

    def exists(self) -> bool:
        """Tell whether there is a key.

        Raises:
            EvidenceKeyUnusable: the disk does not say.
        """
        return _exists(self.path)

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

    def make_next(self, origin: str) -> SigningKey:
        """Make the key that is to follow, or return the one that an earlier change of keys has left.

        Raises:
            EvidenceKeyUnusable.
        """
        if not _exists(self._next):
            key = make_signing_key(origin)
            try:
                replace_file(self._next, key.text().encode() + b"\n", mode=_PRIVATE, exclusive=True)
            except OSError as error:
                raise EvidenceKeyUnusable(f"The key cannot be written: {_describe(error)}.") from None
        return _read_key(self._next)

    def promote_next(self) -> None:
        """Let the next key take the place of this one, durably.

        Raises:
            EvidenceKeyUnusable.
        """
        try:
            replace_file(self.path, self._next.read_bytes(), mode=_PRIVATE)
            self._next.unlink()
        except FileNotFoundError:
            return  # another process was faster
        except OSError as error:
            raise EvidenceKeyUnusable(f"The key cannot be written: {_describe(error)}.") from None

    def read(self) -> SigningKey:
        """Return the key.

        Raises:
            EvidenceKeyUnusable: it is not there, readable by others, or none.
        """
        return _read_key(self.path)

    def read_next(self) -> SigningKey | None:
        """Return the key that is to follow, None when no change is under way.

        Raises:
            EvidenceKeyUnusable.
        """
        return _read_key(self._next) if _exists(self._next) else None

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
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except OSError as error:
                raise EvidenceKeyUnusable(f"The key cannot be held: {_describe(error)}.") from None
            yield Signer(key, self.read_next(), self._signed)
        finally:
            with contextlib.suppress(OSError):  # given back first: where the close fails it might stay with us
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            with contextlib.suppress(OSError):  # it was only read
                os.close(descriptor)

    def last_signed(self) -> Checkpoint | None:
        """Return the last checkpoint that the key signed.

        Raises:
            EvidenceKeyUnusable: that cannot be read, so nothing may be signed.
        """
        return _read_signed(self._signed)


class Signer:
    """A key while it is held."""

    def __init__(self, key: SigningKey, following: SigningKey | None, signed: Path) -> None:
        self.key = key
        self.following = following
        """The key that takes over, while a change is under way."""
        self._signed = signed

    def verifier_keys(self) -> list[VerifierKey]:
        """Return the keys that sign, or are about to."""
        return [key.verifier_key for key in (self.key, self.following) if key is not None]

    def sign(self, checkpoint: Checkpoint, root_at: RootAt, *, with_following: bool = False) -> Note:
        """Sign a checkpoint, and remember it before anybody sees it.

        Args:
            root_at: of the log that the checkpoint is of.
            with_following: sign with both keys, by which the old one vouches for the new one.

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
        keys = [self.key, self.following] if with_following else [self.key]
        note = Note(checkpoint.text(), tuple(key.sign(checkpoint.text()) for key in keys if key is not None))
        if signed is None or signed.size < checkpoint.size:
            try:
                replace_file(self._signed, note.encode(), mode=_PRIVATE)
            except OSError as error:
                raise EvidenceKeyUnusable(f"What the key signs cannot be noted: {_describe(error)}.") from None
        return note


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise EvidenceKeyUnusable(f"The key cannot be looked at: {_describe(error)}.") from None


def _read_key(path: Path) -> SigningKey:
    try:
        if path.stat().st_mode & 0o077:
            raise EvidenceKeyUnusable("The key can be read by others (chmod 600): whoever has it can sign.")
        return parse_signing_key(path.read_text("ascii").removesuffix("\n"))
    except OSError as error:
        raise EvidenceKeyUnusable(f"The key cannot be read: {_describe(error)}.") from None
    except (EvidenceMalformed, UnicodeDecodeError):
        raise EvidenceKeyUnusable("The file of the key holds none; restore it from a back-up.") from None


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
