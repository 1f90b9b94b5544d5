"""Drawings that would run or load something, each the smallest of its class, with the code that must block it.

    HOSTILE["script/prefixed"]    # Hostile(data=b"<svg ...", blocked_by="script")
    FRAGMENTS["href_tab"]         # the same without a drawing around it, to be put anywhere into an honest one

What they try to reach is `/evil` of whoever serves them, so that a test which serves them sees each attempt.
"""

import gzip
from typing import NamedTuple

from rmos.svg.validation import BlockedBy

SVG = 'xmlns="http://www.w3.org/2000/svg"'
XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
HTML = "http://www.w3.org/1999/xhtml"
RUN = "document.documentElement.setAttribute('data-ran','1');fetch('/evil')"


class Hostile(NamedTuple):
    """A drawing and the code that blocks it."""

    data: bytes
    blocked_by: BlockedBy


FRAGMENTS: dict[str, tuple[str, BlockedBy]] = {
    # script
    "script/plain": (f"<script>{RUN}</script>", "script"),
    "script/cdata": (f"<script><![CDATA[{RUN}]]></script>", "script"),
    "script/typed": (f'<script type="application/ecmascript">{RUN}</script>', "script"),
    "script/from_elsewhere": ('<script href="/evil.js"/>', "script"),
    "script/from_elsewhere_xlink": ('<script xlink:href="/evil.js"/>', "script"),
    "script/data": ('<script href="data:text/javascript,fetch(1)"/>', "script"),
    "script/prefixed": (f'<x:script xmlns:x="http://www.w3.org/2000/svg">{RUN}</x:script>', "script"),
    "script/html": (f'<h:script xmlns:h="{HTML}">{RUN}</h:script>', "script"),
    "script/html_default": (f'<script xmlns="{HTML}">{RUN}</script>', "script"),
    "script/other_case": (f"<SCRIPT>{RUN}</SCRIPT>", "script"),
    "script/unknown_namespace": (f'<script xmlns="urn:x">{RUN}</script>', "script"),
    "script/editors_namespace": (
        f'<i:script xmlns:i="http://www.inkscape.org/namespaces/inkscape">{RUN}</i:script>',
        "script",
    ),
    "script/no_namespace": (f"<script xmlns=''>{RUN}</script>", "script"),
    "script/in_metadata": (f"<metadata><script>{RUN}</script></metadata>", "script"),
    "script/in_title": (f"<title><script>{RUN}</script></title>", "script"),
    "script/in_defs_and_switch": (f"<defs><switch><g><script>{RUN}</script></g></switch></defs>", "script"),
    "script/line_in_tag": (f"<script\n\t>{RUN}</script\n>", "script"),
    "script/empty": ("<script/>", "script"),
    "script/tiny_handler": ('<handler type="application/ecmascript">fetch(1)</handler>', "script"),
    # links that run
    "href/javascript": (f'<a href="javascript:{RUN}"><rect width="9" height="9"/></a>', "script"),
    "href/javascript_xlink": (f'<a xlink:href="javascript:{RUN}"><rect width="9" height="9"/></a>', "script"),
    "href/other_prefix": ('<a y:href="javascript:f()" xmlns:y="http://www.w3.org/1999/xlink"/>', "script"),
    "href/mixed_case": ('<a href="JaVaScRiPt:f()"/>', "script"),
    "href/leading_space": ('<a href="  javascript:f()"/>', "script"),
    "href/leading_control": ('<a href="&#9;&#10;javascript:f()"/>', "script"),
    "href/tab": ('<a href="java&#9;script:f()"/>', "script"),
    "href/line": ('<a href="java&#10;script&#13;:f()"/>', "script"),
    "href/raw_line": ('<a href="java\nscript:f()"/>', "script"),
    "href/entities": ('<a href="&#106;&#x61;vascript&#58;f()"/>', "script"),
    "href/vbscript": ('<a href="vbscript:f()"/>', "script"),
    "href/zero_width": ('<a href="java&#x200b;script:f()"/>', "script"),
    "href/use_javascript": ('<use href="javascript:f()"/>', "script"),
    "href/image_javascript": ('<image href="javascript:f()" width="9" height="9"/>', "script"),
    "href/data_html": ('<a href="data:text/html,&lt;script>fetch(1)&lt;/script>"/>', "external_reference"),
    "href/data_svg": ('<image href="data:image/svg+xml;base64,PHN2Zy8+" width="9" height="9"/>', "external_reference"),
    "href/data_svg_text": ('<image href="data:image/svg+xml,%3Csvg/%3E" width="9" height="9"/>', "external_reference"),
    "href/data_no_type": ('<image href="data:,x" width="9" height="9"/>', "external_reference"),
    "href/data_false_type": (
        '<image href="data:image/png;base64,PHN2Zy8+" width="9" height="9"/>',
        "external_reference",
    ),
    "href/data_no_pixels_type": (
        '<image href="data:img/svg+xml;base64,iVBORw0KGgo" width="9" height="9"/>',
        "external_reference",
    ),
    "href/data_other_case": (
        '<image href="data:image/png;base64,IVBORW0KGGO" width="9" height="9"/>',
        "external_reference",
    ),
    "href/data_percent": (
        '<image href="data:image/png;base64,iVBORw0KGgo%22%3E" width="9" height="9"/>',
        "external_reference",
    ),
    "href/data_parameters": (
        '<image href="data:image/png;charset=x;base64,iVBORw0KGgo" width="9"/>',
        "external_reference",
    ),
    "href/data_in_use": ('<use href="data:image/svg+xml;base64,PHN2Zy8+#a"/>', "external_reference"),
    "href/data_png_in_a": ('<a href="data:image/png;base64,iVBORw0KGgo="/>', "external_reference"),
    # what is fetched
    "load/image": ('<image href="/evil.png" width="9" height="9"/>', "external_reference"),
    "load/image_xlink": ('<image xlink:href="/evil.png" width="9" height="9"/>', "external_reference"),
    "load/image_scheme": ('<image href="//evil.invalid/x.png" width="9" height="9"/>', "external_reference"),
    "load/image_http": ('<image href="http://evil.invalid/x.png" width="9" height="9"/>', "external_reference"),
    "load/image_file": ('<image href="file:///etc/passwd" width="9" height="9"/>', "external_reference"),
    "load/image_blob": ('<image href="blob:null/1" width="9" height="9"/>', "external_reference"),
    "load/image_src": ('<image src="/evil.png" width="9" height="9"/>', "external_reference"),
    "load/use": ('<use href="/evil.svg#a"/>', "external_reference"),
    "load/use_xlink": ('<use xlink:href="/evil.svg#a"/>', "external_reference"),
    "load/use_self": ('<use href="?x#a"/>', "external_reference"),
    "load/fe_image": ('<filter id="f"><feImage href="/evil.png"/></filter>', "external_reference"),
    "load/gradient": ('<linearGradient href="/evil.svg#a"/>', "external_reference"),
    "load/pattern": ('<pattern xlink:href="/evil.svg#a"/>', "external_reference"),
    "load/text_path": ('<text><textPath href="/evil.svg#a">x</textPath></text>', "external_reference"),
    "load/mpath": ('<path><animateMotion><mpath href="/evil.svg#a"/></animateMotion></path>', "external_reference"),
    "load/tref": ('<text><tref xlink:href="/evil.svg#a"/></text>', "external_reference"),
    "load/link": ('<a href="http://evil.invalid/"><rect width="9" height="9"/></a>', "external_reference"),
    "load/colour_profile": ('<color-profile name="p" xlink:href="/evil.icc"/>', "external_reference"),
    "load/ping": ('<a href="#a" ping="/evil"><rect width="9" height="9"/></a>', "external_reference"),
    "load/base": ('<g xml:base="http://evil.invalid/"><use href="#a"/></g>', "external_reference"),
    "load/font_face_uri": ('<font-face-uri xlink:href="/evil.ttf"/>', "unknown_element"),
    "load/xinclude": ('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/evil"/>', "unknown_element"),
    # handlers
    "handler/onload": (f'<g onload="{RUN}"/>', "event_handler"),
    "handler/onclick": ('<rect onclick="f()"/>', "event_handler"),
    "handler/onbegin": ('<set attributeName="x" to="1" onbegin="f()"/>', "event_handler"),
    "handler/onend": ('<animate attributeName="x" dur="1s" onend="f()"/>', "event_handler"),
    "handler/onerror": ('<image href="#x" onerror="f()"/>', "event_handler"),
    "handler/onfocus": ('<a href="#a" tabindex="0" autofocus="" onfocusin="f()"/>', "event_handler"),
    "handler/other_case": ('<g OnLoad="f()"/>', "event_handler"),
    "handler/line_before": ('<g\n\tonload\n=\n"f()"/>', "event_handler"),
    "handler/coming": ('<g onwhatevercomes="f()"/>', "event_handler"),
    "handler/prefixed": ('<g s:onload="f()" xmlns:s="http://www.w3.org/2000/svg"/>', "event_handler"),
    "handler/of_an_editor": (
        '<g i:onload="f()" xmlns:i="http://www.inkscape.org/namespaces/inkscape"/>',
        "event_handler",
    ),
    "handler/of_unknown": ('<g q:onload="f()" xmlns:q="urn:q"/>', "event_handler"),
    "handler/on_unknown": ('<q:g onload="f()" xmlns:q="urn:q"/>', "event_handler"),
    "handler/on_metadata": ('<m:x xmlns:m="http://purl.org/dc/elements/1.1/" onclick="f()"/>', "event_handler"),
    "handler/listener": ('<ev:listener xmlns:ev="http://www.w3.org/2001/xml-events" event="load"/>', "event_handler"),
    # other documents
    "embed/foreign_object": (f'<foreignObject><body xmlns="{HTML}"/></foreignObject>', "foreign_object"),
    "embed/foreign_object_empty": ("<foreignObject/>", "foreign_object"),
    "embed/foreign_object_case": ("<ForeignObject/>", "foreign_object"),
    "embed/foreign_object_prefixed": ('<p:foreignObject xmlns:p="http://www.w3.org/2000/svg"/>', "foreign_object"),
    "embed/iframe": (f'<iframe xmlns="{HTML}" src="/evil"/>', "embedded_content"),
    "embed/iframe_srcdoc": (f'<iframe xmlns="{HTML}" srcdoc="&lt;script>f()&lt;/script>"/>', "embedded_content"),
    "embed/iframe_as_svg": ('<iframe src="/evil"/>', "embedded_content"),
    "embed/embed": (f'<h:embed xmlns:h="{HTML}" src="/evil"/>', "embedded_content"),
    "embed/object": (f'<h:object xmlns:h="{HTML}" data="/evil"/>', "embedded_content"),
    "embed/audio": (f'<h:audio xmlns:h="{HTML}" src="/evil" autoplay=""/>', "embedded_content"),
    "embed/video": (f'<h:video xmlns:h="{HTML}" src="/evil" poster="/evil"/>', "embedded_content"),
    "embed/svg_video": ('<video xlink:href="/evil"/>', "embedded_content"),
    "embed/link": (f'<h:link xmlns:h="{HTML}" rel="stylesheet" href="/evil.css"/>', "embedded_content"),
    "embed/base": (f'<h:base xmlns:h="{HTML}" href="//evil.invalid/"/>', "embedded_content"),
    "embed/meta": (f'<h:meta xmlns:h="{HTML}" http-equiv="refresh" content="0;url=/evil"/>', "embedded_content"),
    "embed/img": (f'<h:img xmlns:h="{HTML}" src="/evil"/>', "unknown_element"),
    "embed/form": (f'<h:form xmlns:h="{HTML}" action="/evil"/>', "unknown_element"),
    "embed/style_html": (f'<h:style xmlns:h="{HTML}">@import "/evil.css";</h:style>', "unknown_element"),
    "embed/mathml": ('<m:math xmlns:m="http://www.w3.org/1998/Math/MathML" href="javascript:f()"/>', "unknown_element"),
    "embed/animation": ('<animation xlink:href="/evil.svg"/>', "unknown_element"),
    "embed/discard": ('<discard href="#a" begin="1s"/>', "unknown_element"),
    "embed/cursor": ('<cursor xlink:href="/evil.png"/>', "unknown_element"),
    "embed/xslt": ('<t:template xmlns:t="http://www.w3.org/1999/XSL/Transform"/>', "unknown_element"),
    "embed/xbl": ('<b:binding xmlns:b="http://www.mozilla.org/xbl"/>', "unknown_element"),
    "embed/attribute": ('<g formnovalidate="1"/>', "unknown_attribute"),
    "embed/attribute_of_html": (f'<g h:hidden="1" xmlns:h="{HTML}"/>', "unknown_attribute"),
    "embed/attribute_of_events": ('<g e:event="x" xmlns:e="http://www.w3.org/2001/xml-events"/>', "unknown_attribute"),
    "embed/attribute_href_of_html": (f'<g h:href="/evil" xmlns:h="{HTML}"/>', "external_reference"),
    "embed/vml": ('<v:rect xmlns:v="urn:schemas-microsoft-com:vml" strokecolor="red"/>', "unknown_element"),
    "embed/xul": (
        '<x:box xmlns:x="http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul"/>',
        "unknown_element",
    ),
    "embed/coming": ('<w:x xmlns:w="https://www.w3.org/2031/what-comes"/>', "unknown_element"),
    "embed/coming_elsewhere": ('<w:x xmlns:w="https://html.spec.whatwg.org/x"/>', "unknown_element"),
    "embed/html_other_case": ('<h:b xmlns:h="HTTP://www.W3.org/1999/xhtml"/>', "unknown_element"),
    "embed/foreign_src": ('<q:x src="/evil" xmlns:q="urn:q"/>', "external_reference"),
    "embed/foreign_xlink": ('<q:x xlink:type="simple" xlink:href="/evil" xmlns:q="urn:q"/>', "external_reference"),
    "embed/within_foreign": (f"<q:x xmlns:q='urn:q'><script>{RUN}</script></q:x>", "script"),
    # CSS
    "css/url": ('<rect width="9" height="9" style="fill:url(/evil.svg#a)"/>', "css_load"),
    "css/url_quoted": ("<rect style=\"fill:url('/evil.svg#a')\"/>", "css_load"),
    "css/url_spaced": ('<rect style="fill:url( &#10; /evil.svg#a )"/>', "css_load"),
    "css/url_case": ('<rect style="fill:UrL(/evil.svg#a)"/>', "css_load"),
    "css/url_self": ('<rect style="fill:url(x.svg#a)"/>', "css_load"),
    "css/url_data": ('<rect style="fill:url(data:image/svg+xml,x#a)"/>', "css_load"),
    "css/url_javascript": ('<rect style="background:url(javascript:f())"/>', "script"),
    "css/url_after_local": ('<rect style="fill:url(#a);filter:url(/evil.svg#f)"/>', "css_load"),
    "css/url_in_variable": ('<rect style="--a:url(/evil.png);mask:var(--a)"/>', "css_load"),
    "css/escape": (r'<rect style="fill:\75rl(/evil.svg#a)"/>', "css_load"),
    "css/escape_long": (r'<rect style="fill:\000075 rl(/evil.svg#a)"/>', "css_load"),
    "css/escape_letter": (r'<rect style="fill:u\rl(/evil.svg#a)"/>', "css_load"),
    "css/escape_all": (r'<rect style="fill:\75\72\6c\28/evil.svg#a)"/>', "css_load"),
    "css/escape_entity": ('<rect style="fill:&#92;75rl(/evil.svg#a)"/>', "css_load"),
    "css/comment": ('<rect style="fill:ur/**/l(/evil.svg#a)"/>', "css_load"),
    "css/comment_before": ('<rect style="/*(*/fill:url(/*x*//evil.svg#a)"/>', "css_load"),
    "css/comment_as_string": ("<rect style=\"font-family:'/*';fill:url(/evil.svg#a);font-family:'*/'\"/>", "css_load"),
    "css/image_set": ("<rect style=\"mask-image:image-set('/evil.png' 1x)\"/>", "css_load"),
    "css/image_set_prefixed": ('<rect style="mask-image:-webkit-image-set(url(/evil.png) 1x)"/>', "css_load"),
    "css/cross_fade": ('<rect style="mask-image:-webkit-cross-fade(url(/evil.png),url(#a),50%)"/>', "css_load"),
    "css/src": ("<rect style=\"mask-image:src('/evil.png')\"/>", "css_load"),
    "css/expression": ('<rect style="width:expression(alert(1))"/>', "css_load"),
    "css/expression_comment": ('<rect style="width:exp/**/ression(alert(1))"/>', "css_load"),
    "css/binding": ('<rect style="-moz-binding:url(/evil.xml#a)"/>', "css_load"),
    "css/binding_local": ('<rect style="-moz-binding:url( #a)"/>', "css_load"),
    "css/binding_plain": ('<rect style="-moz-binding:url(#a)"/>', "css_load"),
    "css/behaviour_plain": ('<rect style="Behavior:url(#default#time2)"/>', "css_load"),
    "css/behaviour": ('<rect style="behavior:url( #default#time2)"/>', "css_load"),
    "css/attribute_fill": ('<rect width="9" height="9" fill="url(/evil.svg#a)"/>', "css_load"),
    "css/attribute_filter": ('<rect width="9" height="9" filter="url(http://evil.invalid/f.svg#a)"/>', "css_load"),
    "css/attribute_mask": ('<rect width="9" height="9" mask="url(/evil.svg#a)"/>', "css_load"),
    "css/attribute_clip": ('<rect clip-path="url(/evil.svg#a)"/>', "css_load"),
    "css/attribute_marker": ('<path marker-end="url(/evil.svg#a)" d="M0 0H9"/>', "css_load"),
    "css/attribute_cursor": ('<rect width="99" height="99" cursor="url(/evil.cur),auto"/>', "css_load"),
    "css/attribute_escape": (r'<rect fill="\75rl(/evil.svg#a)"/>', "css_load"),
    "css/sheet_import": ("<style>@import url(/evil.css);</style>", "css_load"),
    "css/sheet_import_text": ("<style>@import '/evil.css';</style>", "css_load"),
    "css/sheet_import_case": ("<style>@ImPoRt '/evil.css';</style>", "css_load"),
    "css/sheet_import_escape": (r"<style>@\69mport '/evil.css';</style>", "css_load"),
    "css/sheet_import_comment": ("<style>/**/@import/**/'/evil.css';</style>", "css_load"),
    "css/sheet_import_cdata": ("<style><![CDATA[@im]]><![CDATA[port '/evil.css';]]></style>", "css_load"),
    "css/sheet_import_split": ("<style>@im<!-- -->port '/evil.css';</style>", "css_load"),
    "css/sheet_import_entity": ("<style>&#64;import '/evil.css';</style>", "css_load"),
    "css/sheet_import_prefixed": (
        "<s:style xmlns:s='http://www.w3.org/2000/svg'>@import '/evil.css';</s:style>",
        "css_load",
    ),
    "css/sheet_url": ("<style>rect{fill:url(/evil.svg#a)}</style>", "css_load"),
    "css/sheet_font": ("<style>@font-face{font-family:x;src:url(/evil.woff)}text{font-family:x}</style>", "css_load"),
    "css/sheet_namespace": ("<style>@namespace x '/evil';</style>", "css_load"),
    "css/sheet_document": ("<style>@-moz-document url-prefix(http://x){g{fill:red}}</style>", "css_load"),
    "css/sheet_element_within": ("<style>@im<g/>port '/evil.css';</style>", "malformed"),
    # animation
    "animation/set_href": ('<a href="#a"><set attributeName="href" to="javascript:f()"/></a>', "animation"),
    "animation/set_xlink_href": ('<a href="#a"><set attributeName="xlink:href" to="javascript:f()"/></a>', "animation"),
    "animation/animate_href": ('<a><animate attributeName="href" values="javascript:f()"/></a>', "animation"),
    "animation/animate_from": ('<a><animate attributeName="href" from="javascript:f()" to="#a"/></a>', "animation"),
    "animation/image_href": ('<image><animate attributeName="href" to="/evil.png" dur="1s"/></image>', "animation"),
    "animation/target": ('<set href="#x" attributeName="href" to="javascript:f()"/>', "animation"),
    "animation/other_prefix": (
        '<set attributeName="y:href" xmlns:y="http://www.w3.org/1999/xlink" to="/e"/>',
        "animation",
    ),
    "animation/spaces": ('<set attributeName=" href " to="javascript:f()"/>', "animation"),
    "animation/entity": ('<set attributeName="hre&#102;" to="javascript:f()"/>', "animation"),
    "animation/handler": ('<set attributeName="onload" to="f()"/>', "animation"),
    "animation/handler_case": ('<set attributeName="onClick" to="f()"/>', "animation"),
    "animation/style": ('<set attributeName="style" to="fill:url(/evil.svg#a)"/>', "animation"),
    "animation/class": ('<set attributeName="class" to="x"/>', "animation"),
    "animation/prefixed": ('<s:set xmlns:s="http://www.w3.org/2000/svg" attributeName="href" to="x"/>', "animation"),
    "animation/fill_load": ('<rect><set attributeName="fill" to="url(/evil.svg#a)"/></rect>', "css_load"),
    "animation/filter_values": (
        '<rect><animate attributeName="filter" values="none;url(/evil.svg#a)"/></rect>',
        "css_load",
    ),
    "animation/out_of_drawing": ('<set href="/evil.svg#a" attributeName="x" to="1"/>', "external_reference"),
    # instructions and entities that may stand anywhere
    "instruction/style_sheet": ('<?xml-stylesheet href="/evil.css"?>', "processing_instruction"),
    "instruction/php": ("<?php system('x') ?>", "processing_instruction"),
    "entity/undefined": ("<desc>&evil;</desc>", "entity"),
    "entity/undefined_in_attribute": ('<desc id="&evil;"/>', "entity"),
    # bombs
    "bomb/depth": ("<g>" * 300 + "</g>" * 300, "too_deep"),
    "bomb/attributes": ("<g " + " ".join(f'data-a{n}=""' for n in range(500)) + "/>", "too_large"),
    "bomb/copies": (
        '<g id="b0"><rect width="1" height="1"/></g>'
        + "".join(f'<g id="b{n}">{f"""<use href="#b{n - 1}"/>""" * 10}</g>' for n in range(1, 10)),
        "too_large",
    ),
    "bomb/copies_by_percent": (
        '<g id="b0"/>' + "".join(f'<g id="b{n}">{f"""<use href="#%62{n - 1}"/>""" * 10}</g>' for n in range(1, 10)),
        "too_large",
    ),
    **{
        f"bomb/copies_by_{tag}": (
            f'<{tag} id="b0"><rect width="3" height="3"/></{tag}>'
            + "".join(
                f'<{tag} id="b{n}">' + f'<path d="M0 0h9v9z" {how}="url(#b{n - 1})"/>' * 10 + f"</{tag}>"
                for n in range(1, 10)
            ),
            "too_large",
        )
        for tag, how in [("pattern", "fill"), ("mask", "mask"), ("clipPath", "clip-path"), ("marker", "marker-mid")]
    },
    "bomb/copies_by_mask_of_copies": (
        '<g id="g0"/>'
        + "".join(
            f'<mask id="m{n}">{f"""<use href="#g{n - 1}"/>""" * 10}</mask><rect id="g{n}" style="mask:url(#m{n})"/>'
            for n in range(1, 10)
        ),
        "too_large",
    ),
    "bomb/copy_of_itself": ('<g id="self"><g id="mid"><use href="#self"/></g></g>', "too_deep"),
    "bomb/sheet": ("<style>" + "a{fill:red}" * 120_000 + "</style>", "too_large"),
    "bomb/tag": (f'<path d="{"M0 0" * 1_200_000}"/>', "too_large"),
}


def drawing(inner: str, *, before: str = "") -> bytes:
    """Return a drawing with something in it, and before it."""
    return f'{before}<svg {SVG} {XLINK} width="90" height="90">{inner}</svg>'.encode()


WHOLE: dict[str, Hostile] = {
    "root/onload": Hostile(f'<svg {SVG} onload="{RUN}"/>'.encode(), "event_handler"),
    "root/prefixed_onload": Hostile(b'<s:svg xmlns:s="http://www.w3.org/2000/svg" onload="f()"/>', "event_handler"),
    "root/base": Hostile(
        f'<svg {SVG} xml:base="//evil.invalid/"><use href="#a"/></svg>'.encode(), "external_reference"
    ),
    "root/html": Hostile(f'<html xmlns="{HTML}"><script>{RUN}</script></html>'.encode(), "not_svg"),
    "root/html_text": Hostile(b"<!doctype html><script>f()</script>", "not_svg"),
    "root/no_namespace": Hostile(f"<svg><script>{RUN}</script></svg>".encode(), "not_svg"),
    "root/svg_of_html": Hostile(f'<svg xmlns="{HTML}"/>'.encode(), "not_svg"),
    "root/namespace_with_space": Hostile(b'<svg xmlns="http://www.w3.org/2000/svg "/>', "not_svg"),
    "root/stylesheet": Hostile(
        b'<t:stylesheet version="1.0" xmlns:t="http://www.w3.org/1999/XSL/Transform"/>', "not_svg"
    ),
    "instruction/before": Hostile(drawing("", before='<?xml-stylesheet href="/evil.css"?>'), "processing_instruction"),
    "instruction/xslt": Hostile(
        drawing("", before='<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="/evil.xsl"?>'),
        "processing_instruction",
    ),
    "instruction/after": Hostile(drawing("") + b"<?xml-stylesheet href='/evil.css'?>", "processing_instruction"),
    "dtd/system": Hostile(drawing("", before='<!DOCTYPE svg SYSTEM "/evil.dtd">'), "dtd"),
    "dtd/public": Hostile(drawing("", before='<!DOCTYPE svg PUBLIC "-//x//y//EN" "/evil.dtd">'), "dtd"),
    "dtd/public_of_svg_elsewhere": Hostile(
        drawing("", before='<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://evil.invalid/svg11.dtd">'), "dtd"
    ),
    "dtd/xhtml_names": Hostile(
        drawing(
            '<a href="java&Tab;script&colon;f()"/>',
            before='<!DOCTYPE svg PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">',
        ),
        "dtd",
    ),
    "dtd/attribute_default": Hostile(drawing("", before='<!DOCTYPE svg [<!ATTLIST svg onload CDATA "f()">]>'), "dtd"),
    "dtd/parameter": Hostile(drawing("", before='<!DOCTYPE svg [<!ENTITY % p SYSTEM "/evil.dtd"> %p;]>'), "entity"),
    "dtd/of_svg_with_subset": Hostile(
        drawing(
            "",
            before='<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" '
            '[<!ATTLIST svg onload CDATA "f()">]>',
        ),
        "dtd",
    ),
    "dtd/broken": Hostile(drawing("", before="<!DOCTYPE svg [<!WHAT ever>]>"), "dtd"),
    "entity/inner": Hostile(
        drawing("<desc>&e;</desc>", before='<!DOCTYPE svg [<!ENTITY e "<script>f()</script>">]>'), "entity"
    ),
    "entity/outer": Hostile(
        drawing("<desc>&e;</desc>", before='<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), "entity"
    ),
    "entity/laughs": Hostile(
        drawing(
            "<desc>&l9;</desc>",
            before='<!DOCTYPE svg [<!ENTITY l0 "lol">'
            + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
            + "]>",
        ),
        "entity",
    ),
    "entity/undefined_under_label": Hostile(
        drawing(
            '<a href="#&colon;"/>',
            before='<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">',
        ),
        "entity",
    ),
    "encoding/utf7": Hostile(
        b'<?xml version="1.0" encoding="UTF-7"?>' + drawing("+ADw-script+AD4-f()+ADw-/script+AD4-"), "encoding"
    ),
    "encoding/utf16_without_mark": Hostile(drawing("<script/>").decode().encode("utf-16-le"), "encoding"),
    "encoding/utf16be_without_mark": Hostile(drawing("<script/>").decode().encode("utf-16-be"), "encoding"),
    "encoding/utf32": Hostile(drawing("<script/>").decode().encode("utf-32"), "encoding"),
    "encoding/ebcdic": Hostile(
        ('<?xml version="1.0" encoding="cp037"?>' + drawing("<script/>").decode()).encode("cp037"), "encoding"
    ),
    "encoding/declared_ebcdic": Hostile(b'<?xml version="1.0" encoding="cp037"?>' + drawing(""), "encoding"),
    "encoding/declared_utf16": Hostile(b'<?xml version="1.0" encoding="UTF-16"?>' + drawing(""), "encoding"),
    "encoding/declared_japanese": Hostile(b'<?xml version="1.0" encoding="ISO-2022-JP"?>' + drawing(""), "encoding"),
    "encoding/declared_unknown": Hostile(b'<?xml version="1.0" encoding="x-user-defined"?>' + drawing(""), "encoding"),
    "encoding/mark_and_other_declared": Hostile(
        b'\xef\xbb\xbf<?xml version="1.0" encoding="ISO-8859-1"?>' + drawing(""), "encoding"
    ),
    "encoding/utf16_says_utf8": Hostile(
        ('<?xml version="1.0" encoding="UTF-8"?>' + drawing("").decode()).encode("utf-16"), "encoding"
    ),
    "encoding/script_in_utf16": Hostile(drawing("<script>f()</script>").decode().encode("utf-16"), "script"),
    "encoding/overlong": Hostile(drawing("\ue000").replace("\ue000".encode(), b"\xc0\xbcscript\xc0\xbe"), "malformed"),
    "encoding/not_utf8": Hostile(drawing("\ue000").replace("\ue000".encode(), b"\xff"), "malformed"),
    "form/gzip": Hostile(gzip.compress(drawing(""), mtime=0), "not_svg"),
    "form/empty": Hostile(b"", "not_svg"),
    "form/space": Hostile(b"  \n ", "not_svg"),
    "form/text": Hostile(b"G21 G90\nG0 X0", "not_svg"),
    "form/png": Hostile(b"\x89PNG\r\n\x1a\nabc", "not_svg"),
    "form/cut": Hostile(drawing("<g>")[:-6], "malformed"),
    "form/second_root": Hostile(drawing("") + drawing("<script/>"), "malformed"),
    "form/unbound_prefix": Hostile(drawing("<q:rect/>"), "malformed"),
    "form/twice_onload": Hostile(drawing('<g x="1" x="2"/>'), "malformed"),
}

HOSTILE: dict[str, Hostile] = WHOLE | {name: Hostile(drawing(text), by) for name, (text, by) in FRAGMENTS.items()}
