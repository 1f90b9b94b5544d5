"""A file that comes as multipart/form-data (RFC 7578), read as it comes and held in memory at no time.

    form = Form(limit_bytes)
    for chunk in form.chunks(): ...                    # the bytes of the part `file`
    form.fields, form.filename, form.content_type      # known once all chunks were given

The last chunk is followed by the rest of the form: whoever stores the file before it has all been read would keep what
came of a client that stopped half-way.
"""

from collections.abc import Callable, Iterator
from typing import Final

from flask import request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData, State

from rmos.errors.base import RmosError
from rmos.errors.http import RequestTimeout
from rmos.errors.request import BadForm, PayloadTooLarge, UnsupportedMediaType
from rmos.http.json_body import STOPPED

FILE: Final = "file"
_READ_BYTES: Final = 1024 * 1024
"""As much as gunicorn receives at once: what is left of it would be copied again by each read."""
_FIELD_BYTES: Final = 64 * 1024
"""What a text part may have; `metadata` is the largest."""
_PARTS: Final = 16
_LINE_END: Final = b"\r\n"
_PADDING: Final = b" \t\f\v"
"""What may stand between an edge and the end of its line (RFC 2046, section 5.1.1), and what is taken for it."""
_ENOUGH: Final = 2
"""Bytes behind an edge that tell what follows: `--` or the end of the line."""
_BOUNDARY: Final = 200
"""Characters; RFC 2046 says 70, and some clients say a few more."""
_AROUND_BYTES: Final = 1024 * 1024
"""What may come beside the file: the other parts, their headers and the boundaries."""


class Form:
    """The form of the running request, which may carry as much as a form may from here on.

    Raises:
        UnsupportedMediaType: the request does not say what parts the parts.
        PayloadTooLarge: it says that it carries more than can be taken.
    """

    def __init__(self, limit_bytes: int) -> None:
        boundary = request.mimetype_params.get("boundary", "")
        if not boundary or len(boundary) > _BOUNDARY or not boundary.isascii():
            raise UnsupportedMediaType("Send multipart/form-data with a boundary, or application/json.")
        self._boundary = boundary.encode()
        self._limit = limit_bytes
        if (request.content_length or 0) > limit_bytes + _AROUND_BYTES:
            raise self._too_large()
        request.max_content_length = limit_bytes + _AROUND_BYTES + 1
        # A server that ends the body itself, as gunicorn does, is read directly: the framework would copy it once more.
        ended = request.environ.get("wsgi.input_terminated")
        source = request.environ["wsgi.input"] if ended else request.stream
        self._source: Callable[[int], bytes] = source.read
        self._received = 0
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.content_type: str | None = None

    def chunks(self) -> Iterator[bytes]:
        """Give the bytes of the file; what stands before and behind it is read as well.

        Raises:
            PayloadTooLarge: more comes than can be taken.
            BadForm: it is malformed, broke off, or has no file or two.
            RequestTimeout: it stopped coming.
        """
        part: str | None = None
        text = bytearray()
        for event in self._events():
            if isinstance(event, (File, Field)):
                part, text = self._begin(event), bytearray()
            elif isinstance(event, Data) and part is None:
                yield event.data
            elif isinstance(event, Data) and part is not None:
                text += event.data
                if len(text) > _FIELD_BYTES:
                    raise PayloadTooLarge(f"The part {part[:50]!a} is above the limit.", limit_bytes=_FIELD_BYTES)
                if not event.more_data:
                    self.fields[part] = _decoded(part, text)
        if self.filename is None:
            raise BadForm("The form has no part `file` with a file name.")

    def _begin(self, event: File | Field) -> str | None:
        """Return the name of a text part, None for the file."""
        name = event.name or ""
        if isinstance(event, Field):
            if name in self.fields:
                raise BadForm(f"The part {name[:50]!a} is given twice.")
            return name
        if name != FILE or self.filename is not None:
            raise BadForm("The form may hold one file, in the part `file`.")
        self.filename = event.filename
        self.content_type = event.headers.get("Content-Type")
        return None

    def _events(self) -> Iterator[Event]:
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
                    yield from self._plain_data(decoder)
                self._settle(decoder)
        except ValueError:
            raise BadForm("The form is malformed or broke off.") from None
        except RequestEntityTooLarge:
            raise self._too_large() from None

    def _settle(self, decoder: MultipartDecoder) -> None:
        """Read on while what has come ends within the line of an edge: the decoder would take half of it for data."""
        edge = b"--" + self._boundary
        while (at := decoder.buffer.rfind(edge)) >= 0 and (
            len(decoder.buffer[at + len(edge) :].lstrip(_PADDING)) < _ENOUGH and (more := self._read())
        ):
            decoder.receive_data(more)

    def _plain_data(self, decoder: MultipartDecoder) -> Iterator[Event]:
        """Give the bytes of a file up to what may be its edge, which is left to the decoder.

        The decoder by itself copies each byte four times; looking for the edge costs a tenth of that.
        """
        edge = _LINE_END + b"--" + self._boundary
        while len(decoder.buffer) < len(edge) and (more := self._read()):
            decoder.receive_data(more)
        self._settle(decoder)
        if decoder.buffer.startswith(edge) or not decoder.buffer.startswith(_LINE_END):
            return  # an empty file may share its line end with the headers; lines that end otherwise are the decoder's
        data = bytes(decoder.buffer[len(_LINE_END) :])  # the end of the headers
        while (found := data.find(edge)) < 0:
            sure = _before(edge, data)
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
            raise self._too_large()
        return data

    def _too_large(self) -> PayloadTooLarge:
        return PayloadTooLarge(
            f"The file is above the limit of {self._limit} bytes, or the parts beside it are too many or too large.",
            limit_bytes=self._limit,
        )


def _before(edge: bytes, data: bytes) -> int:
    """Return how many bytes come before what may be the beginning of an edge at the end of `data`.

    An edge has one CR, its first byte (a header cannot hold one), so only the last CR can begin one.
    """
    last = data.rfind(_LINE_END[:1], max(len(data) - len(edge) + 1, 0))
    return last if last >= 0 and edge.startswith(data[last:]) else len(data)


def _decoded(part: str, text: bytearray) -> str:
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        raise BadForm(f"The part {part[:50]!a} is not UTF-8.") from None
    if "\x00" in decoded:
        raise BadForm(f"The part {part[:50]!a} holds U+0000.")
    return decoded
