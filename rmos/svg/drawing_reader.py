"""Reads a drawing through expat, one tag at a time, and stops at the first thing that is not known to be harmless.

    reader = Reader()
    for chunk in chunks:
        reader.feed(chunk)
    reader.close()          # SvgBlocked on the way, or the drawing may be shown

Nothing of the drawing is kept but the ids of larger groups, so memory does not grow with it. A tag that does not end
is given up before expat has gathered all of it. expat expands nothing here: the first declaration of a DTD ends it.
"""

from pyexpat import ExpatError, ParserCreate, errors
from typing import Final, NoReturn

from rmos.svg.attributes import NOTHING, AttributePlan, ValueCheck, make_plan
from rmos.svg.css import css_refusal, local_targets, plain_targets
from rmos.svg.encoding import check_declared_encoding
from rmos.svg.names import SVG
from rmos.svg.reuse import Reuse
from rmos.svg.validation import BlockedBy, make_blocked_error, shorten_text

MAX_TAG: Final = 4 * 1024 * 1024
"""Bytes of one tag, comment or instruction (RMOS policy); a picture within and a traced outline fit."""
MAX_ELEMENTS: Final = 500_000
"""Elements of a drawing (RMOS policy): browsers take seconds for so many."""
MAX_DEPTH: Final = 256
"""Elements within one another (RMOS policy); browsers cut or fail at some hundreds to thousands."""
MAX_SHEET: Final = 1024 * 1024
"""Characters of one style sheet (RMOS policy)."""

_MAX_PLANS: Final = 4096
_MAX_HARMLESS: Final = 4096
"""Plans, and harmless values of one check, that are cached: some MB at most."""
_SHORT: Final = 256
_INSTRUCTIONS: Final = frozenset({"xpacket", "adobe-xap-filters", "adobe-illustrator"})
"""Instructions that Adobe's programs write around metadata; browsers know only xml-stylesheet."""
_ENCODING_ERRORS: Final = frozenset({errors.XML_ERROR_UNKNOWN_ENCODING, errors.XML_ERROR_INCORRECT_ENCODING})
TagShape = str | tuple[str, ...]
"""The name of an element, or the names of its attributes in their order and then its own."""


class DrawingReader:
    """Checks one drawing that is fed to it in chunks."""

    def __init__(self) -> None:
        self._reuse = Reuse()
        self._plans: dict[TagShape, AttributePlan | None] = {}
        self._harmless: dict[ValueCheck, set[str]] = {}
        self._harmless_css: dict[str, tuple[str, ...]] = {}
        self._open: list[tuple[int, int] | None] = []
        """For each open element with an id how many elements and copies there were before it."""
        self._holders = [""]
        """The ids of the open elements, after one for the whole."""
        self._elements = 0
        self._fed = 0
        self._head = b""
        self._sheet: list[str] = []
        self._sheet_length = 0
        self._sheet_place = (1, 1)
        self._in_dtd = False
        self._parser = parser = ParserCreate(namespace_separator=" ")
        parser.ordered_attributes = True
        parser.XmlDeclHandler = self._declaration
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EndDoctypeDeclHandler = self._doctype_end
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._entity

    def feed(self, chunk: bytes | memoryview) -> None:
        """Check the next bytes.

        Raises:
            SvgBlocked: something in them is not known to be harmless; nothing may be fed after it.
        """
        self._head = self._head or bytes(chunk[:4])
        self._fed += len(chunk)
        self._parse(chunk, last=False)
        if self._fed - self._parser.CurrentByteIndex > MAX_TAG:
            self._refuse("too_large", f"A tag is longer than {MAX_TAG} bytes.")
        if self._elements > MAX_ELEMENTS:
            self._refuse("too_large", f"It has more than {MAX_ELEMENTS} elements.")
        if self._reuse.is_crowded:
            self._check_reuse()

    def close(self) -> None:
        """Check what only the end can tell.

        Raises:
            SvgBlocked: the drawing is not complete, or copies of its parts are too many.
        """
        if not self._fed:
            self._refuse("not_svg", "There is nothing in it.")
        self._parse(b"", last=True)
        self._check_reuse()

    def _check_reuse(self) -> None:
        refusal = self._reuse.refusal(self._elements)
        if refusal is not None:
            self._refuse(*refusal)

    def _parse(self, chunk: bytes | memoryview, *, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except (ExpatError, ValueError, LookupError) as error:
            line, column = self._place()
            by, reason = self._broken(error)
            raise make_blocked_error(by, reason, line=line, column=column) from None

    def _broken(self, error: Exception) -> tuple[BlockedBy, str]:
        """Say what an error of the parser means: a drawing that browsers show in part, or not at all."""
        text = (
            errors.messages.get(error.code, "") if isinstance(error, ExpatError) else errors.XML_ERROR_UNKNOWN_ENCODING
        )
        if self._in_dtd:
            return "dtd", "A DOCTYPE declares something."
        if text in _ENCODING_ERRORS:
            return "encoding", f"Its encoding is not what it says ({text}); save it in UTF-8."
        if text == errors.XML_ERROR_UNDEFINED_ENTITY:
            return "entity", "It uses an entity other than the five of XML."
        if not self._elements:
            return "not_svg", f"It does not begin as an XML document ({text})."
        return "malformed", f"It is not well-formed XML ({text})."

    def _place(self) -> tuple[int, int]:
        return self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1

    def _refuse(self, by: BlockedBy, reason: str) -> NoReturn:
        line, column = self._place()
        raise make_blocked_error(by, reason, line=line, column=column)

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        refusal = check_declared_encoding(self._head, encoding)
        if refusal is not None:
            self._refuse(*refusal)

    def _start(self, name: str, attributes: list[str]) -> None:
        """Check a start tag; the one function that runs for each, so it does little."""
        opened = None
        shape: TagShape = name
        if attributes:
            names = attributes[::2]
            names.append(name)
            shape = tuple(names)
        try:
            plan = self._plans[shape]
        except KeyError:
            plan = self._new_plan(name, attributes[::2], shape)
        if plan is not None:
            checks, styled, id_at, uses_at, is_style = plan
            for place, check, harmless in checks:
                if attributes[place] not in harmless:
                    self._look(check, attributes[place], harmless)
            for place in styled:
                value = attributes[place]
                if "(" in value or "\\" in value:
                    self._look_at_css(value, attributes[id_at] if id_at >= 0 else "")
            if uses_at >= 0:
                self._reuse.used(self._holders[-1], attributes[uses_at])
            if id_at >= 0:
                self._holders.append(attributes[id_at])
                opened = self._elements, self._reuse.copies
            if is_style:
                self._begin_sheet()
        open_elements = self._open
        open_elements.append(opened)
        self._elements += 1
        if len(open_elements) > MAX_DEPTH:
            self._refuse("too_deep", f"More than {MAX_DEPTH} elements are within one another.")

    def _look(self, check: ValueCheck, value: str, harmless: set[str]) -> None:
        refusal = check(value)
        if refusal is not None:
            self._refuse(*refusal)
        if len(value) < _SHORT:
            if len(harmless) >= _MAX_HARMLESS:
                harmless.clear()
            harmless.add(value)

    def _look_at_css(self, value: str, own_id: str) -> None:
        """Check CSS with a bracket or an escape in it, and count what it refers to, for that is drawn again too."""
        targets = self._harmless_css.get(value)
        if targets is None:
            targets = plain_targets(value)
            if targets is None:
                refusal = css_refusal(value)
                if refusal is not None:
                    self._refuse(*refusal)
                targets = local_targets(value)
            if len(value) < _SHORT:
                if len(self._harmless_css) >= _MAX_HARMLESS:
                    self._harmless_css.clear()
                self._harmless_css[value] = targets
        if targets:
            self._reuse.refers(self._holders[-1], own_id, targets)

    def _new_plan(self, element: str, names: list[str], shape: TagShape) -> AttributePlan | None:
        """Return how tags of this shape are checked; None when there is nothing to look at but their names."""
        if not self._elements and element != f"{SVG} svg":
            space, _, local = element.rpartition(" ")
            self._refuse(
                "not_svg", f"Its root is {shorten_text(local)} of {shorten_text(space)!r}, not svg of {SVG!r}."
            )
        made = make_plan(element, names, self._harmless)
        if not isinstance(made, AttributePlan):
            self._refuse(*made)
        plan = None if made == NOTHING else made
        if len(self._plans) >= _MAX_PLANS:
            self._plans.clear()
        self._plans[shape] = plan
        return plan

    def _end(self, name: str) -> None:
        opened = self._open.pop()
        if opened is not None:
            elements, copies = opened
            own_id = self._holders.pop()
            self._reuse.element(own_id, self._elements - elements)
            if self._reuse.copies != copies:
                self._reuse.held(self._holders[-1], own_id)

    def _begin_sheet(self) -> None:
        """Gather the text up to the end of a style sheet, within which no element may stand."""
        self._sheet, self._sheet_length, self._sheet_place = [], 0, self._place()
        self._parser.CharacterDataHandler = self._sheet_text
        self._parser.StartElementHandler = self._start_in_sheet
        self._parser.EndElementHandler = self._end_sheet

    def _start_in_sheet(self, name: str, attributes: list[str]) -> None:
        self._refuse("malformed", "There is an element within a style sheet.")

    def _end_sheet(self, name: str) -> None:
        self._parser.CharacterDataHandler = None
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._end(name)
        refusal = css_refusal("".join(self._sheet), sheet=True)
        if refusal is not None:
            line, column = self._sheet_place
            raise make_blocked_error(*refusal, line=line, column=column)

    def _sheet_text(self, text: str) -> None:
        self._sheet_length += len(text)
        if self._sheet_length > MAX_SHEET:
            self._refuse("too_large", f"A style sheet is longer than {MAX_SHEET} characters.")
        self._sheet.append(text)

    def _instruction(self, target: str, data: str) -> None:
        if target.lower() not in _INSTRUCTIONS:
            self._refuse("processing_instruction", f"The instruction {shorten_text(target)} could load a style sheet.")

    def _doctype(self, name: str, system: str | None, public: str | None, has_subset: int) -> None:
        """Refuse a DOCTYPE; one with declarations only when the first of these tells what it is."""
        self._in_dtd = True
        if not has_subset:
            self._refuse("dtd", f"A DOCTYPE names a DTD: {shorten_text(system or public or name)}")

    def _doctype_end(self) -> None:
        self._refuse("dtd", "A DOCTYPE declares something.")

    def _entity(self, name: str, *_declared: object) -> None:
        self._refuse("entity", f"It declares or uses the entity {shorten_text(name)}.")
