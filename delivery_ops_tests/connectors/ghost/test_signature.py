"""Ghost's signature. At stake: taking a forged delivery for a client's, and losing real ones."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.connectors.delivery import Authentic, Refused, Stale
from delivery_ops.connectors.ghost.signature import verify

SECRET = "ghost-secret-1"
BODY = b'{"post":{"current":{},"previous":{"id":"1"}}}'
SENT = datetime(2026, 11, 23, 14, 29, 23, 94_000, tzinfo=UTC)
MILLISECONDS = str(int(SENT.timestamp() * 1000))


def signature(body=BODY, secret=SECRET, sent=MILLISECONDS):
    digest = hmac.new(secret.encode(), body + sent.encode(), hashlib.sha256).hexdigest()
    return f"sha256={digest}, t={sent}"


def headers(*values, name="X-Ghost-Signature"):
    return [("Content-Type", "application/json"), *((name, value) for value in values)]


def flipped(data):
    """``data`` with each of its bits flipped in turn."""
    for place in range(len(data) * 8):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        yield bytes(changed)


def test_every_recorded_delivery_is_authentic(recordings):
    found = [verify(one.headers, one.body, [one.secret], one.sent_at) for one in recordings]
    assert found == [Authentic()] * 13


def test_no_recorded_delivery_passes_for_another(recordings):
    for one in recordings:
        for other in recordings:
            if other.body != one.body:
                assert verify(one.headers, other.body, [one.secret], one.sent_at) == Refused(reason="wrong_signature")


@pytest.mark.parametrize("name", ["X-Ghost-Signature", "x-ghost-signature", "X-GHOST-SIGNATURE"])
def test_the_header_is_found_in_any_case(name):
    assert verify(headers(signature(), name=name), BODY, [SECRET], SENT) == Authentic()


def test_any_active_secret_will_do():
    given_headers = headers(signature(secret="new"))
    assert verify(given_headers, BODY, ["old", "new"], SENT) == Authentic()
    assert verify(given_headers, BODY, ["new", "old"], SENT) == Authentic()
    assert verify(given_headers, BODY, ["old"], SENT) == Refused(reason="wrong_signature")


@pytest.mark.parametrize("away", [timedelta(minutes=5), timedelta(minutes=-5), timedelta()])
def test_five_minutes_either_way_are_fresh(away):
    assert verify(headers(signature()), BODY, [SECRET], SENT + away) == Authentic()


@pytest.mark.parametrize("away", [timedelta(minutes=5, milliseconds=1), timedelta(minutes=-5, milliseconds=-1)])
def test_more_is_stale(away):
    assert verify(headers(signature()), BODY, [SECRET], SENT + away) == Stale(sent_at=SENT)


def test_a_stale_delivery_must_be_signed_all_the_same():
    late = SENT + timedelta(days=1)
    assert verify(headers(signature(secret="other")), BODY, [SECRET], late) == Refused(reason="wrong_signature")


@pytest.mark.parametrize(
    ("given_headers", "secrets", "reason"),
    [
        (headers(), [SECRET], "missing_signature"),
        (headers(signature(), signature()), [SECRET], "duplicate_header"),
        ([*headers(signature()), ("x-ghost-signature", "")], [SECRET], "duplicate_header"),
        (headers(signature()), [], "no_secret"),
        (headers(signature(secret="")), [""], "no_secret"),
        (headers(""), [SECRET], "malformed_signature"),
        (headers(signature().upper()), [SECRET], "malformed_signature"),
        (headers("sha256=" + "A" * 64 + f", t={MILLISECONDS}"), [SECRET], "malformed_signature"),
        (headers(signature() + ", v=1"), [SECRET], "malformed_signature"),
        (headers(signature() + "\n"), [SECRET], "malformed_signature"),
        (headers(signature().replace(", ", ",")), [SECRET], "malformed_signature"),
        (headers(signature(sent="١٧٩٥٤٤٤١٦٣٠٩٤")), [SECRET], "malformed_signature"),
        (headers(signature(sent="1795444163")), [SECRET], "malformed_signature"),
        (headers(signature(sent="-795444163094")), [SECRET], "malformed_signature"),
        (headers(signature(sent=" 795444163094")), [SECRET], "malformed_signature"),
        (headers(signature().partition(",")[0]), [SECRET], "malformed_signature"),
    ],
)
def test_what_is_not_exactly_one_signature_in_one_spelling_is_refused(given_headers, secrets, reason):
    assert verify(given_headers, BODY, secrets, SENT) == Refused(reason=reason)


def test_a_signature_over_the_body_alone_is_refused():
    digest = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    found = verify(headers(f"sha256={digest}, t={MILLISECONDS}"), BODY, [SECRET], SENT)
    assert found == Refused(reason="wrong_signature")


def test_every_flipped_bit_of_the_header_is_refused():
    found = [
        verify(headers(changed.decode("latin-1")), BODY, [SECRET], SENT) for changed in flipped(signature().encode())
    ]
    assert len(found) == len(signature()) * 8
    assert all(isinstance(one, Refused) for one in found)


def test_every_flipped_bit_of_a_recorded_body_is_refused(recordings):
    one = min((each for each in recordings if len(each.body) > 2), key=lambda each: len(each.body))
    wrong = Refused(reason="wrong_signature")
    assert all(verify(one.headers, body, [one.secret], one.sent_at) == wrong for body in flipped(one.body))


@given(
    st.lists(st.tuples(st.sampled_from(["X-Ghost-Signature", "x-ghost-signature", "Other"]), st.text())),
    st.binary(),
    st.lists(st.text(st.characters(exclude_categories=[]))),
)
def test_anything_at_all_gets_a_verdict(given_headers, body, secrets):
    assert isinstance(verify(given_headers, body, secrets, SENT), Refused)


@given(st.binary(max_size=64), st.text(min_size=1), st.integers(10**12, 10**13 - 1))
def test_whatever_ghost_signs_is_signed(body, secret, milliseconds):
    given_headers = headers(signature(body, secret, str(milliseconds)))
    assert not isinstance(verify(given_headers, body, ["other", secret], SENT), Refused)
