"""Requests that no client library would send. At stake: a request that two servers in a row read differently, and a
connection that costs memory or a place for ever."""

from __future__ import annotations

import json

import pytest

from delivery_ops.contracts.strict_json import MAX_BYTES
from delivery_ops.web import framing
from delivery_ops_tests.web.receiving import HOOK

POST = f"POST {HOOK} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n".encode()
SMUGGLED = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"

MALFORMED = {
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths that differ": POST + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}" + SMUGGLED,
    "length and chunks": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n{}",
    "a length beyond numbers": POST + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "a chunk's length beyond numbers": POST + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n{}",
    "chunks of no length": POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}",
    "a folded header": POST + b"X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}",
    "a bare line feed": POST.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}",
    "a blank before the colon": POST + b"Content-Length : 2\r\n\r\n{}",
    "NUL in a header": POST + b"X-A: \0\r\nContent-Length: 2\r\n\r\n{}",
    "no host": POST.replace(b"Host: a\r\n", b"") + b"Content-Length: 2\r\n\r\n{}",
    "two hosts": POST + b"Host: b\r\nContent-Length: 2\r\n\r\n{}",
    "an underscore": POST + b"X_Ghost_Signature: a\r\nContent-Length: 2\r\n\r\n{}",
    "many headers": POST + b"X-A: b\r\n" * framing.MAX_HEADERS + b"Content-Length: 2\r\n\r\n{}",
    "large headers": POST + b"X-A: " + b"b" * framing.MAX_HEADER_BYTES + b"\r\nContent-Length: 2\r\n\r\n{}",
    "no method": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a method in small letters": POST.replace(b"POST", b"post") + b"Content-Length: 2\r\n\r\n{}",
    "an unknown version": POST.replace(b"HTTP/1.1", b"HTTP/3.7") + b"Content-Length: 2\r\n\r\n{}",
    "bytes beyond ASCII in the path": b"POST /v1/hooks/\xff HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED)
def test_a_request_that_is_not_well_formed_is_answered_400_once_and_the_connection_ends(receiver, request_):
    answered = receiver.raw(request_)
    assert answered.startswith(b"HTTP/1.1 400 "), answered[:200]
    assert answered.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answered.lower()
    assert receiver.deliveries() == []


def test_a_body_that_is_said_to_be_too_large_is_not_even_asked_for(receiver):
    head = POST + f"Content-Length: {MAX_BYTES + 1}\r\nExpect: 100-continue\r\n\r\n".encode()
    answered = receiver.raw(head)
    assert answered.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in answered


@pytest.mark.parametrize("declares", [True, False])
def test_a_body_without_end_is_cut_off(receiver, declares):
    head = b"Content-Length: 99999999999\r\n\r\n" if declares else b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
    body = b"" if declares else chunk * (framing.MAX_DRAINED // MAX_BYTES) + b"1\r\nx"
    assert receiver.raw(POST + head + body).startswith(b"HTTP/1.1 413 ")
    assert receiver.deliveries() == []


def test_a_body_that_does_not_arrive_in_time_is_given_up(receiver, monkeypatch):
    monkeypatch.setattr(framing, "BODY_SECONDS", 0.2)
    head, _, body = receiver.raw(POST + b"Content-Length: 100\r\n\r\n{").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["code"] == "malformed_framing"


def test_a_sender_that_hangs_up_in_the_middle_is_forgotten(receiver):
    assert receiver.raw(POST + b"Content-Length: 100\r\n\r\n{", hangs_up=True) == b""
    assert receiver.deliveries() == []
    assert receiver.client.get("/openapi.json").status_code == 200


def test_requests_on_one_connection_are_answered_in_turn(receiver):
    answered = receiver.raw(SMUGGLED * 2 + SMUGGLED.replace(b"Host", b"Connection: close\r\nHost"))
    assert answered.count(b"HTTP/1.1 200 ") == 3
