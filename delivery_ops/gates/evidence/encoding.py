"""Which character encoding a page's bytes are in.

Belongs here: the HTML standard's order of evidence and its list of encodings. Does not belong here: decoding. A page
read in the wrong encoding has wrong titles and broken JSON strings, and would fail for what its author did right.
"""

from __future__ import annotations

import codecs
import re

_META_LOOKED_AT = 1_024

# The encodings of the WHATWG standard, by Python's name. Anything else Python knows (zip, punycode, utf-7) is no
# encoding of a web page.
ENCODINGS = frozenset(
    """
    utf-8 utf-16-le utf-16-be koi8-r koi8-u mac-roman mac-cyrillic cp866 cp874 cp932 cp1250 cp1251 cp1252 cp1253 cp1254
    cp1255 cp1256 cp1257 cp1258 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10
    iso8859-13 iso8859-14 iso8859-15 iso8859-16 gbk gb18030 big5 big5hkscs euc_jp iso2022_jp shift_jis euc_kr
    """.split()  # noqa: SIM905 - a list of 40 lines says no more
)
# What the standard reads a label as: Latin-1 and ASCII are windows-1252 on the web.
_READ_AS = {"ascii": "cp1252", "iso8859-1": "cp1252", "utf-16": "utf-16-le", "gb2312": "gbk"}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?(?:-->|$)", re.DOTALL)
_PARAMETER = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)


def encoding_of(body: bytes, content_type: str) -> str:
    """Python's name of the encoding: a byte order mark, else the HTTP charset, else the document's own declaration,
    else UTF-8 where the bytes are UTF-8, else windows-1252, to which browsers fall back in most of the world."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return encoding
    parameter = _PARAMETER.search(content_type)
    if parameter and (known := _known(parameter[1])):
        return known
    meta = _META_CHARSET.search(_COMMENT.sub(b"", body[:_META_LOOKED_AT]))
    if meta and (known := _known(meta[1].decode())):
        # A page in UTF-16 could not have declared itself in ASCII.
        return "utf-8" if known.startswith("utf-16") else known
    try:
        body.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _known(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    name = _READ_AS.get(name, name)
    return name if name in ENCODINGS else None
