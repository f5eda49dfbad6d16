"""What headers say. At stake: a wait that another server asked for, read as none, or as a crash."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.http_client import http_date, retry_after, tls_context

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", timedelta(seconds=7)),
        (" 7 ", timedelta(seconds=7)),
        ("0", timedelta()),
        ("9" * 30, timedelta(seconds=999_999_999)),
        ("Mon, 30 Mar 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Mon, 30 Mar 2026 14:00:30 +0200", timedelta(seconds=30)),
        ("Mon, 30 Mar 2026 12:00:30 -0000", timedelta(seconds=30)),
        ("Mon, 30 Mar 2026 11:00:00 GMT", timedelta()),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("soon", None),
        ("-1", None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wait_is_read_as_seconds_or_as_a_date(header, wait):
    assert retry_after(header, NOW) == wait


@given(st.text(max_size=40))
def test_no_header_is_an_error(text):
    assert (retry_after(text, NOW) or timedelta()) >= timedelta()
    found = http_date(text)
    assert found is None or found.utcoffset() == timedelta()


def test_the_trusted_certificates_are_read_once_and_hosts_are_held_to_them():
    context = tls_context()
    assert context is tls_context()
    assert context.check_hostname
    assert context.cert_store_stats()["x509_ca"] > 50
