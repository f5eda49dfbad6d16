"""Which character encoding a page's bytes are in.

Belongs here: the HTML standard's order of evidence. Does not belong here: decoding, and the WHATWG's list of labels,
which ``webencodings`` keeps. A page read in the wrong encoding has wrong titles and broken JSON strings, and would
fail for what its author did right.
"""

from __future__ import annotations

import codecs
import re

import webencodings

_META_LOOKED_AT = 1_024

# Two entries of the standard's list are no encoding of a page: one is for binary data in scripts, the other stands for
# encodings that browsers refuse to read.
_NO_PAGES = frozenset({"x-user-defined", "replacement"})
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
    found = webencodings.lookup(label)
    if found is None or found.name in _NO_PAGES:
        return None
    # The standard reads gbk as the gb18030 it is a part of.
    return "gb18030" if found.name == "gbk" else str(found.codec_info.name)
