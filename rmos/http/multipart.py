"""A file that comes as multipart/form-data (RFC 7578), parsed while it is received, never held in memory.

    form = Form(limit_bytes)
    for chunk in form.chunks(): ...                    # the bytes of the part `file`
    form.fields, form.filename, form.content_type      # known when all chunks were read

The rest of the form is read before the iteration ends: a file that is stored earlier would be kept from a client that
stopped half-way.
"""

from collections.abc import Callable, Iterator
from typing import Final

from flask import request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData, State

from rmos.errors.base import RmosError
from rmos.errors.http import RequestTimeout
from rmos.errors.request import BadForm, PayloadTooLarge, UnsupportedMediaType
from rmos.http.json_body import STOPPED, require_plain_body

FILE: Final = "file"
_READ_BYTES: Final = 1024 * 1024
"""As much as gunicorn receives at once: what is left of it would be copied again by each read."""
_FIELD_BYTES: Final = 64 * 1024
"""What a text part may have; `metadata` is the largest."""
_PARTS: Final = 16
_LINE_END: Final = b"\r\n"
_PADDING: Final = b" \t\f\v"
"""What may come between a delimiter and the end of its line (RFC 2046, section 5.1.1), and what is taken for it."""
_ENOUGH: Final = 2
"""Bytes behind a delimiter that decide what follows: `--` or the end of the line."""
_MAX_BOUNDARY: Final = 200
"""Characters; RFC 2046 allows 70, and some clients send a few more."""
_AROUND_BYTES: Final = 1024 * 1024
"""What may come beside the file: the other parts, their headers and the boundaries."""


class Form:
    """The form of the running request, which may carry as much as a form may from here on.

    Raises:
        UnsupportedMediaType: the request names no boundary.
        PayloadTooLarge: its Content-Length is above the limit.
    """

    def __init__(self, limit_bytes: int) -> None:
        boundary = request.mimetype_params.get("boundary", "")
        if not boundary or len(boundary) > _MAX_BOUNDARY or not boundary.isascii():
            raise UnsupportedMediaType("Send multipart/form-data with a boundary, or application/json.")
        self._boundary = boundary.encode()
        self._limit = limit_bytes
        if (request.content_length or 0) > limit_bytes + _AROUND_BYTES:
            raise self._make_too_large()
        request.max_content_length = limit_bytes + _AROUND_BYTES + 1
        # A server that ends the body itself, as gunicorn does, is read directly: the framework would copy it once more.
        ended = request.environ.get("wsgi.input_terminated")
        source = request.environ["wsgi.input"] if ended else request.stream
        require_plain_body()
        self._source: Callable[[int], bytes] = source.read
        self._received = 0
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.content_type: str | None = None

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes of the file; the parts before and behind it are read as well.

        Raises:
            PayloadTooLarge: the body is above the limit.
            BadForm: it is malformed, broke off, or has no file or two.
            RequestTimeout: it stopped coming.
        """
        part: str | None = None
        text = bytearray()
        for event in self._read_events():
            if isinstance(event, (File, Field)):
                part, text = self._begin_part(event), bytearray()
            elif isinstance(event, Data) and part is None:
                yield event.data
            elif isinstance(event, Data) and part is not None:
                text += event.data
                if len(text) > _FIELD_BYTES:
                    raise PayloadTooLarge(f"The part {part[:50]!a} is above the limit.", limit_bytes=_FIELD_BYTES)
                if not event.more_data:
                    self.fields[part] = _decode_text(part, text)
        if self.filename is None:
            raise BadForm("The form has no part `file` with a file name.")

    def _begin_part(self, event: File | Field) -> str | None:
        """Return the name of a text part, None for the file."""
        name = event.name or ""
        if isinstance(event, Field):
            if name in self.fields:
                raise BadForm(f"The part {name[:50]!a} is given twice.")
            return name
        if name != FILE or self.filename is not None:
            raise BadForm("The form may hold one file, in the part `file`.")
        if not event.filename:  # what browsers send of a form in which no file was chosen
            raise BadForm("The part `file` has no file name: no file was chosen.")
        self.filename = event.filename
        self.content_type = event.headers.get("Content-Type")
        return None

    def _read_events(self) -> Iterator[Event]:
        decoder = MultipartDecoder(self._boundary, _AROUND_BYTES, max_parts=_PARTS)
        try:
            while True:
                event = decoder.next_event()
                if isinstance(event, NeedData):
                    decoder.receive_data(self._read() or None)
                elif isinstance(event, Epilogue):
                    return
                else:
                    yield event
                if isinstance(event, File):
                    yield from self._read_file(decoder)
                self._complete_delimiter(decoder)
        except UnicodeDecodeError:
            raise BadForm("A name in the form is not UTF-8; send file names as UTF-8.") from None
        except ValueError:
            raise BadForm("The form is malformed or broke off.") from None
        except RequestEntityTooLarge:
            raise self._make_too_large() from None

    def _complete_delimiter(self, decoder: MultipartDecoder) -> None:
        """Read on while the buffer ends within the line of a delimiter: the decoder would take half of it for data."""
        delimiter = b"--" + self._boundary
        while (at := decoder.buffer.rfind(delimiter)) >= 0 and (
            len(decoder.buffer[at + len(delimiter) :].lstrip(_PADDING)) < _ENOUGH and (more := self._read())
        ):
            decoder.receive_data(more)

    def _read_file(self, decoder: MultipartDecoder) -> Iterator[Event]:
        """Yield the bytes of a file up to what may be its delimiter, which is left to the decoder.

        The decoder by itself copies each byte four times; searching for the delimiter costs a tenth of that (ADR 15).
        """
        delimiter = _LINE_END + b"--" + self._boundary
        while len(decoder.buffer) < len(delimiter) and (more := self._read()):
            decoder.receive_data(more)
        self._complete_delimiter(decoder)
        if decoder.buffer.startswith(delimiter) or not decoder.buffer.startswith(_LINE_END):
            return  # an empty file may share its line end with the headers; lines that end otherwise are the decoder's
        data = bytes(decoder.buffer[len(_LINE_END) :])  # the end of the headers
        while (found := data.find(delimiter)) < 0:
            sure = _count_before(delimiter, data)
            yield Data(data=data[:sure], more_data=True)
            data = data[sure:]
            if not (more := self._read()):
                break
            data = data + more if data else more
        sure = found if found >= 0 else len(data)
        yield Data(data=data[:sure], more_data=True)
        decoder.buffer[:] = data[sure:]
        decoder.state = State.DATA

    def _read(self) -> bytes:
        try:
            data = self._source(_READ_BYTES)
        except (HTTPException, RmosError):
            raise
        except Exception:  # noqa: BLE001 - each server has its own exception for a broken chunk
            raise BadForm("The form broke off or is wrongly encoded.") from None
        self._received += len(data)
        if not data and self._received < (request.content_length or 0):
            raise RequestTimeout(STOPPED)
        if self._received > self._limit + _AROUND_BYTES:
            raise self._make_too_large()
        return data

    def _make_too_large(self) -> PayloadTooLarge:
        return PayloadTooLarge(
            f"The file is above the limit of {self._limit} bytes, or the parts beside it are too many or too large.",
            limit_bytes=self._limit,
        )


def _count_before(delimiter: bytes, data: bytes) -> int:
    """Return how many bytes come before what may be the beginning of a delimiter at the end of `data`.

    A delimiter has one CR, its first byte (a header cannot hold one), so only the last CR can begin one.
    """
    last = data.rfind(_LINE_END[:1], max(len(data) - len(delimiter) + 1, 0))
    return last if last >= 0 and delimiter.startswith(data[last:]) else len(data)


def _decode_text(part: str, text: bytearray) -> str:
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        raise BadForm(f"The part {part[:50]!a} is not UTF-8.") from None
    if "\x00" in decoded:
        raise BadForm(f"The part {part[:50]!a} holds U+0000.")
    return decoded
