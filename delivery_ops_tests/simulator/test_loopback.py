"""The small server: what it passes on, what it sends, and that a client that leaves costs nothing."""

from __future__ import annotations

import socket
import struct
import threading

import httpx
import pytest

from delivery_ops.simulator.loopback import Answer, Request, listening


def test_a_request_arrives_with_method_target_headers_and_body() -> None:
    seen: list[Request] = []

    def respond(request: Request) -> Answer:
        seen.append(request)
        return Answer(status=201, body=b"made", headers={"X-Kind": "test"})

    with listening(respond) as (ip, port):
        answer = httpx.put(f"http://{ip}:{port}/a%2Fb?c=d", content=b"body", headers={"Host": "WWW.Example:80"})
    assert (answer.status_code, answer.content, answer.headers["X-Kind"]) == (201, b"made", "test")
    [request] = seen
    assert (request.method, request.target, request.body, request.host) == ("PUT", "/a%2Fb?c=d", b"body", "www.example")


def test_many_clients_are_answered_at_once() -> None:
    all_here = threading.Barrier(8, timeout=10)

    def respond(_: Request) -> Answer:
        all_here.wait()  # passes only once all eight requests are being answered
        return Answer(body=b"ok")

    with listening(respond) as (ip, port):
        results: list[int] = []
        threads = [
            threading.Thread(target=lambda: results.append(httpx.get(f"http://{ip}:{port}/").status_code))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [200] * 8


def test_a_client_that_leaves_in_the_middle_of_an_answer_is_not_reported(capfd: pytest.CaptureFixture[str]) -> None:
    answering, left = threading.Event(), threading.Event()

    def respond(_: Request) -> Answer:
        answering.set()
        left.wait(10)
        return Answer(body=bytes(20_000_000))

    with listening(respond) as address:
        client = socket.create_connection(address)
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answering.wait(10)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with a reset
        client.close()
        handlers = [t for t in threading.enumerate() if "process_request_thread" in t.name]
        assert handlers
        left.set()
        for handler in handlers:
            handler.join(10)
    assert capfd.readouterr().err == ""
