"""At stake: a page read in the wrong encoding fails for what its author did right."""

import codecs

import pytest
import webencodings.labels

from delivery_ops.gates.evidence.encoding import encoding_of


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        pytest.param(codecs.BOM_UTF8 + b"x", "text/html; charset=latin1", "utf-8", id="a mark beats the header"),
        pytest.param(codecs.BOM_UTF16_LE + b"x\0", "", "utf-16-le", id="UTF-16 LE mark"),
        pytest.param(codecs.BOM_UTF16_BE + b"\0x", "", "utf-16-be", id="UTF-16 BE mark"),
        pytest.param(b'<meta charset="koi8-r">', "text/html; charset=utf-8", "utf-8", id="the header beats the meta"),
        pytest.param(b"x", 'text/html; Charset="UTF-8"', "utf-8", id="quoted in the header"),
        pytest.param(b"x", "text/html; charset=iso-8859-1", "cp1252", id="Latin-1 is windows-1252 on the web"),
        pytest.param(b"x", "text/html; charset=us-ascii", "cp1252", id="so is ASCII"),
        pytest.param(b'<META CHARSET = "Shift_JIS">', "", "cp932", id="meta charset"),
        pytest.param(
            b'<meta http-equiv="content-type" content="text/html; charset=iso-8859-15">',
            "",
            "iso8859-15",
            id="http-equiv",
        ),
        pytest.param(b'<meta charset="utf-16">', "", "utf-8", id="no ASCII page is UTF-16"),
        pytest.param(b'<!-- <meta charset="koi8-r"> -->\xc3\xa4', "", "utf-8", id="not in a comment"),
        pytest.param(b" " * 1100 + b'<meta charset="koi8-r">', "", "utf-8", id="not after 1024 bytes"),
        pytest.param(b"x", "text/html; charset=zip", "utf-8", id="zip is no encoding of text"),
        pytest.param(b"x", "text/html; charset=punycode", "utf-8", id="punycode is none of pages"),
        pytest.param(b"x", "text/html; charset=utf-7", "utf-8", id="utf-7 is a trap"),
        pytest.param(b"x", "text/html; charset=iso-2022-kr", "utf-8", id="what browsers refuse to read"),
        pytest.param(b"x", "text/html; charset=x-user-defined", "utf-8", id="bytes for scripts"),
        pytest.param(b"x", "text/html; charset=nonsense", "utf-8", id="unknown"),
        pytest.param(b"x", "text/html; charset=..", "utf-8", id="no module name"),
        pytest.param("ä".encode(), "", "utf-8", id="valid UTF-8"),
        pytest.param("ä".encode("latin-1"), "", "cp1252", id="else windows-1252"),
    ],
)
def test_the_encoding_is_found_as_browsers_find_it(body: bytes, content_type: str, encoding: str) -> None:
    assert encoding_of(body, content_type) == encoding


# Labels of the WHATWG's Encoding Standard, with a text that only the encoding it reads them as gives.
LABELS = {
    "iso-8859-9": ("cp1254", "İşçi “ğ”"),
    "latin5": ("cp1254", "İşçi"),
    "windows-874": ("cp874", "ไทย…"),
    "TIS-620": ("cp874", "ไทย"),
    "iso-8859-11": ("cp874", "ไทย"),
    "x-sjis": ("cp932", "①日本"),
    "windows-31j": ("cp932", "髙"),
    "windows-949": ("cp949", "똠방각하"),
    "ks_c_5601-1987": ("cp949", "똠"),
    "big5-hkscs": ("big5hkscs", "啫"),
    "gb2312": ("gb18030", "€"),
    "gbk": ("gb18030", "𠀀"),
    "iso-8859-6-e": ("iso8859-6", "مرحبا"),
    "iso-8859-8-i": ("iso8859-8", "שלום"),
    "logical": ("iso8859-8", "שלום"),
    "dos-874": ("cp874", "ไทย"),
    "macintosh": ("mac-roman", "“ä”"),
    "x-mac-ukrainian": ("mac-cyrillic", "Привіт"),
    "unicode-1-1-utf-8": ("utf-8", "ä"),
    "latin1": ("cp1252", "“€”"),
    "ascii": ("cp1252", "ä"),
}


@pytest.mark.parametrize("label", LABELS)
def test_a_label_is_read_as_the_standard_reads_it(label: str) -> None:
    encoding, text = LABELS[label]
    body = f'<meta charset="{label}"><h1>{text}</h1>'.encode(encoding)
    assert encoding_of(body, "") == encoding_of(b"", f"text/html; charset={label}") == codecs.lookup(encoding).name


@pytest.mark.parametrize("label", webencodings.labels.LABELS)
def test_every_encoding_that_is_found_is_one_python_can_read(label: str) -> None:
    assert b"<h1>".decode(encoding_of(b"", f"text/html; charset={label}"))
