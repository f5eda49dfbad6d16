"""Standard Webhooks. At stake: taking a forged delivery for a client's, and a forged header that stops the receiver."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.connectors.delivery import Authentic, Refused, Stale
from delivery_ops.connectors.signatures.standard import MAX_SIGNATURES, verify

# The specification's own example.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = "1614265330"
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
SENT = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)
OTHER = "whsec_" + base64.b64encode(b"another secret of 24 bytes").decode()


def headers(signature=SIGNATURE, delivery_id=ID, timestamp=TIMESTAMP):
    return [
        ("Content-Type", "application/json"),
        ("webhook-id", delivery_id),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signature),
    ]


def signed(body=BODY, secret=SECRET, delivery_id=ID, timestamp=TIMESTAMP):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{delivery_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def flipped(data):
    """``data`` with each of its bits flipped in turn."""
    for place in range(len(data) * 8):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        yield bytes(changed)


def test_the_specifications_example_is_authentic():
    assert verify(headers(), BODY, [SECRET], SENT) == Authentic()
    assert signed() == SIGNATURE


def test_a_secret_may_stand_without_its_mark():
    assert verify(headers(), BODY, [SECRET.removeprefix("whsec_")], SENT) == Authentic()


def test_headers_are_found_in_any_case():
    shouted = [(name.upper(), value) for name, value in headers()]
    assert verify(shouted, BODY, [SECRET], SENT) == Authentic()


@pytest.mark.parametrize("secrets", [[OTHER, SECRET], [SECRET, OTHER], ["no base64!", "", SECRET]])
@pytest.mark.parametrize(
    "signature",
    [
        SIGNATURE,
        f"{signed(secret=OTHER, body=b'x')} {SIGNATURE}",
        f"{SIGNATURE} {signed(secret=OTHER, body=b'x')}",
        f"v1 v1, v1,no-base64! nonsense v1a,c2lnbmVk {SIGNATURE}",
        " ".join([SIGNATURE] * MAX_SIGNATURES),
    ],
)
def test_any_active_secret_and_any_of_the_signatures_will_do(secrets, signature):
    assert verify(headers(signature), BODY, secrets, SENT) == Authentic()


@pytest.mark.parametrize("away", [timedelta(minutes=5), timedelta(minutes=-5), timedelta()])
def test_five_minutes_either_way_are_fresh(away):
    assert verify(headers(), BODY, [SECRET], SENT + away) == Authentic()


@pytest.mark.parametrize("away", [timedelta(minutes=5, microseconds=1), timedelta(minutes=-5, microseconds=-1)])
def test_more_is_stale(away):
    assert verify(headers(), BODY, [SECRET], SENT + away) == Stale(sent_at=SENT)


def test_a_stale_delivery_must_be_signed_all_the_same():
    late = SENT + timedelta(days=1)
    assert verify(headers(signed(secret=OTHER)), BODY, [SECRET], late) == Refused(reason="wrong_signature")


def test_a_time_beyond_the_calendar_is_stale_and_no_error():
    far = headers(signed(timestamp="9" * 12), timestamp="9" * 12)
    assert verify(far, BODY, [SECRET], SENT) == Stale(sent_at=datetime.max.replace(microsecond=0, tzinfo=UTC))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_stands_exactly_once(name):
    once = headers()
    without = [one for one in once if one[0] != name]
    twice = [*once, *((name.upper(), value) for found, value in once if found == name)]
    assert verify(without, BODY, [SECRET], SENT) == Refused(reason="missing_signature")
    assert verify(twice, BODY, [SECRET], SENT) == Refused(reason="duplicate_header")


@pytest.mark.parametrize(
    "secrets", [[], [""], ["whsec_"], ["whsec_no base64"], ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"]]
)
def test_without_a_usable_secret_nothing_is_signed(secrets):
    assert verify(headers(), BODY, secrets, SENT) == Refused(reason="no_secret")


@pytest.mark.parametrize(
    "signature",
    [
        *["", " ", "v1", "v1,", "v1,a,b", "v1,=", "V1," + SIGNATURE[3:], "v1:" + SIGNATURE[3:]],
        *["v2," + SIGNATURE[3:], "v1a," + SIGNATURE[3:]],
        SIGNATURE[3:],
        SIGNATURE[:-1],
        SIGNATURE + "=",
        SIGNATURE + "\n",
        SIGNATURE.replace("+", "-"),  # base64url
        SIGNATURE.replace("OE=", "OF="),  # bits that no decoder looks at
        SIGNATURE[:20] + "\r\n" + SIGNATURE[20:],  # a lenient decoder skips what is none of its alphabet
        SIGNATURE.replace(",", ", "),
        "\t" + SIGNATURE,
        " ".join([SIGNATURE] * (MAX_SIGNATURES + 1)),
        "v1,é",
    ],
)
def test_a_signature_has_one_spelling(signature):
    assert verify(headers(signature), BODY, [SECRET], SENT) == Refused(reason="malformed_signature")


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "1614265330.9",
        " 1614265330",
        "161_4265330",
        "١٦١٤٢٦٥٣٣٠",
        "+1614265330",
        "-161426533",
        "161426533",
        "1" * 13,
    ],
)
def test_a_timestamp_has_one_spelling(timestamp):
    given_headers = headers(signed(timestamp=timestamp), timestamp=timestamp)
    assert verify(given_headers, BODY, [SECRET], SENT) == Refused(reason="malformed_signature")


@pytest.mark.parametrize("delivery_id", ["", "msg.1", "msg 1", "msg_1\n", "é", "m" * 129])
def test_an_id_holds_nothing_that_could_be_read_otherwise(delivery_id):
    given_headers = headers(signed(delivery_id=delivery_id), delivery_id=delivery_id)
    assert verify(given_headers, BODY, [SECRET], SENT) == Refused(reason="malformed_signature")


def test_a_part_of_the_id_cannot_become_a_part_of_the_body():
    """What is signed is joined by dots: the same bytes, cut elsewhere, are another delivery."""
    shifted = headers(delivery_id="msg_1", timestamp=TIMESTAMP, signature=signed(delivery_id="msg_1", body=b"1.x"))
    assert verify(shifted, b"1.x", [SECRET], SENT) == Authentic()
    assert isinstance(verify(headers(shifted[3][1], "msg_1", f"{TIMESTAMP}.1"), b"x", [SECRET], SENT), Refused)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_flipped_bit_of_a_header_is_refused(name):
    honest = dict(headers())
    found = [
        verify(list({**honest, name: changed.decode("latin-1")}.items()), BODY, [SECRET], SENT)
        for changed in flipped(honest[name].encode())
    ]
    assert len(found) == len(honest[name]) * 8
    assert all(isinstance(one, Refused) for one in found)


def test_every_flipped_bit_of_the_body_is_refused():
    wrong = Refused(reason="wrong_signature")
    assert all(verify(headers(), body, [SECRET], SENT) == wrong for body in flipped(BODY))


@given(
    st.lists(
        st.tuples(st.sampled_from(["webhook-id", "Webhook-Timestamp", "webhook-signature", "other"]), st.text())
        | st.sampled_from([("webhook-id", ID), ("webhook-timestamp", TIMESTAMP)])
        | st.tuples(st.just("webhook-signature"), st.text(st.characters(exclude_categories=[])).map("v1,{}".format))
    ),
    st.binary(),
    st.lists(st.text(st.characters(exclude_categories=[])) | st.just(SECRET)),
)
def test_anything_at_all_gets_a_verdict(given_headers, body, secrets):
    assert isinstance(verify(given_headers, body, secrets, SENT), Refused)


@given(
    st.binary(max_size=64),
    st.binary(min_size=1, max_size=64),
    st.from_regex(r"[A-Za-z0-9_-]{1,128}", fullmatch=True),
    st.integers(10**9, 10**12 - 1),
)
def test_whatever_a_sender_signs_is_signed(body, key, delivery_id, seconds):
    secret = "whsec_" + base64.b64encode(key).decode()
    signature = signed(body, secret, delivery_id, str(seconds))
    given_headers = headers(f"{SIGNATURE} {signature}", delivery_id, str(seconds))
    assert not isinstance(verify(given_headers, body, [OTHER, secret], SENT), Refused)


@given(st.text(max_size=50), st.binary(min_size=24, max_size=64), st.booleans())
def test_the_reference_library_agrees_on_what_is_well_formed(text, key, is_honest):
    library = pytest.importorskip("standardwebhooks", reason="the reference library is not installed")
    secret = "whsec_" + base64.b64encode(key).decode()
    now = datetime.now(UTC).replace(microsecond=0)
    body = json.dumps({"text": text}).encode()
    sent = str(int(now.timestamp()))
    given_headers = headers(signed(body, secret if is_honest else OTHER, timestamp=sent), timestamp=sent)
    try:
        library.Webhook(secret).verify(body, dict(given_headers))
        theirs = True
    except library.WebhookVerificationError:
        theirs = False
    assert isinstance(verify(given_headers, body, [secret], now), Authentic) == theirs == is_honest
