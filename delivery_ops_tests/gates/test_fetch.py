"""At stake: the fetcher is the one part that goes where strangers point. Every server is real, on loopback."""

import gzip
import hashlib
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from delivery_ops.gates.decoding import MAX_DECODED_BYTES, MAX_WIRE_BYTES
from delivery_ops.gates.failures import PageNotMeasured
from delivery_ops.gates.fetch import PageFetcher

LOOPBACK = ip_network("127.0.0.0/8")
HERE = {"127.0.0.1": [LOOPBACK]}
A_SITE = {"site.example.com": [LOOPBACK]}
HTML = "text/html; charset=utf-8"


@pytest.fixture
def fetcher() -> PageFetcher:
    return PageFetcher(allow_networks=HERE)


def at(httpserver: HTTPServer, path: str) -> str:
    return f"http://127.0.0.1:{httpserver.port}{path}"


def failure(fetcher: PageFetcher, url: str) -> PageNotMeasured:
    with pytest.raises(PageNotMeasured) as raised:
        fetcher.fetch(url)
    return raised.value


RawServer = Callable[[bytes], str]


@pytest.fixture
def raw_server() -> Iterator[RawServer]:
    """Answers one connection with exactly the bytes given, then closes it."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answer_one() -> None:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                try:
                    connection.sendall(answer)
                except OSError:
                    return

        threads.append(threading.Thread(target=answer_one))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield serve
    for listener in listeners:
        listener.close()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def test_a_page_comes_back_with_everything_that_proves_it(httpserver: HTTPServer, fetcher: PageFetcher) -> None:
    httpserver.expect_request("/a").respond_with_data(
        "<h1>ü</h1>".encode(), content_type=HTML, headers={"X-Robots-Tag": "noindex"}
    )
    page = fetcher.fetch(at(httpserver, "/a"))
    assert page.status == 200
    assert page.url == page.final_url == at(httpserver, "/a")
    assert page.body == "<h1>ü</h1>".encode()
    assert page.sha256 == hashlib.sha256(page.body).hexdigest()
    assert ("x-robots-tag", "noindex") in page.headers
    assert page.redirects == ()
    assert page.fetched_at.utcoffset() is not None


def test_a_stranger_asks_without_cookies_or_credentials(
    httpserver: HTTPServer, fetcher: PageFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    httpserver.expect_ordered_request("/a").respond_with_data(
        "", status=302, headers={"Location": "/b", "Set-Cookie": "a=b"}
    )
    httpserver.expect_ordered_request("/b").respond_with_data("x", content_type=HTML)
    fetcher.fetch(at(httpserver, "/a"))
    (_, _), (second, _) = httpserver.log
    assert "Cookie" not in second.headers
    assert "Authorization" not in second.headers
    assert second.headers["Accept-Encoding"] == "gzip"


def test_redirects_are_followed_and_recorded(httpserver: HTTPServer, fetcher: PageFetcher) -> None:
    for hop in range(5):
        httpserver.expect_request(f"/{hop}").respond_with_data(
            "", status=301 + hop % 2, headers={"Location": f"/{hop + 1}"}
        )
    httpserver.expect_request("/5").respond_with_data("here", content_type=HTML)
    page = fetcher.fetch(at(httpserver, "/0"))
    assert page.final_url == at(httpserver, "/5")
    assert [(hop.url, hop.status, hop.location) for hop in page.redirects][:2] == [
        (at(httpserver, "/0"), 301, "/1"),
        (at(httpserver, "/1"), 302, "/2"),
    ]
    assert len(page.redirects) == 5


def test_a_sixth_redirect_is_one_too_many(httpserver: HTTPServer, fetcher: PageFetcher) -> None:
    for hop in range(6):
        httpserver.expect_request(f"/{hop}").respond_with_data("", status=308, headers={"Location": f"/{hop + 1}"})
    assert failure(fetcher, at(httpserver, "/0")).code == "redirects"


def test_a_redirect_loop_ends_at_once(httpserver: HTTPServer, fetcher: PageFetcher) -> None:
    httpserver.expect_request("/a").respond_with_data("", status=302, headers={"Location": "/b"})
    httpserver.expect_request("/b").respond_with_data("", status=302, headers={"Location": "/a"})
    assert failure(fetcher, at(httpserver, "/a")).code == "redirects"
    assert len(httpserver.log) == 2


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://2130706433/",
        "http://localhost.localhost/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http://user@127.0.0.1/",
    ],
)
def test_a_redirect_is_checked_like_any_url(httpserver: HTTPServer, location: str) -> None:
    fetcher = PageFetcher(allow_networks=HERE, resolve=lambda host, port: ["10.0.0.1"])
    httpserver.expect_request("/").respond_with_data("", status=302, headers={"Location": location})
    assert failure(fetcher, at(httpserver, "/")).code == "refused"


def test_a_redirect_from_the_internet_into_an_allowed_network_is_refused(httpserver: HTTPServer) -> None:
    fetcher = PageFetcher(allow_networks=HERE, routes={"www.client.example": ("127.0.0.1", httpserver.port)})
    inside = f"http://127.0.0.1:{httpserver.port}/inside"
    httpserver.expect_request("/").respond_with_data("", status=302, headers={"Location": inside})
    assert failure(fetcher, "http://www.client.example/").code == "refused"
    assert len(httpserver.log) == 1


def test_a_redirect_without_a_location_says_nothing_about_the_page(
    httpserver: HTTPServer, fetcher: PageFetcher
) -> None:
    httpserver.expect_request("/").respond_with_data("", status=302)
    assert failure(fetcher, at(httpserver, "/")).code == "http_status"


@pytest.mark.parametrize(
    ("url", "answers"),
    [
        ("http://127.0.0.1/", []),
        ("http://localhost/", ["127.0.0.1"]),
        ("http://localhost/", ["93.184.216.34"]),
        ("http://printer/", ["93.184.216.34"]),
        ("http://rebind.example.com/", ["127.0.0.1"]),
        ("http://rebind.example.com/", ["93.184.216.34", "10.0.0.1"]),
        ("http://rebind.example.com/", ["93.184.216.34", "::1"]),
        ("http://rebind.example.com/", ["fe80::1%eth0"]),
        ("http://rebind.example.com/", ["::ffff:169.254.169.254"]),
        ("http://public.example.com:22/", ["93.184.216.34"]),
        ("http://public.example.com:5432/", ["93.184.216.34"]),
    ],
)
def test_the_guard_does_not_go_there(url: str, answers: list[str]) -> None:
    assert failure(PageFetcher(resolve=lambda host, port: answers), url).code == "refused"


def test_a_network_is_open_to_the_host_it_is_allowed_to_and_to_no_other(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("x", content_type=HTML)
    fetcher = PageFetcher(allow_networks=A_SITE, resolve=lambda host, port: ["127.0.0.1"])
    assert fetcher.fetch(f"http://site.example.com:{httpserver.port}/").body == b"x"
    for stranger in ("stranger.example.com", "localhost", "127.0.0.1", "www.site.example.com"):
        assert failure(fetcher, f"http://{stranger}:{httpserver.port}/").code == "refused"
    assert len(httpserver.log) == 1


def test_a_redirect_to_another_host_leaves_the_allowed_network_behind(httpserver: HTTPServer) -> None:
    fetcher = PageFetcher(allow_networks=A_SITE, resolve=lambda host, port: ["127.0.0.1"])
    elsewhere = f"http://stranger.example.com:{httpserver.port}/inside"
    httpserver.expect_request("/").respond_with_data("", status=302, headers={"Location": elsewhere})
    assert failure(fetcher, f"http://site.example.com:{httpserver.port}/").code == "refused"
    assert len(httpserver.log) == 1


def test_an_allowed_network_does_not_open_another(httpserver: HTTPServer) -> None:
    fetcher = PageFetcher(allow_networks=A_SITE, resolve=lambda host, port: ["127.0.0.1", "10.0.0.1"])
    assert failure(fetcher, f"http://site.example.com:{httpserver.port}/").code == "refused"


def test_a_name_is_looked_up_once_and_the_connection_goes_to_that_answer(httpserver: HTTPServer) -> None:
    # DNS rebinding: the second answer would be another machine.
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return next(answers)

    httpserver.expect_request("/").respond_with_data("x", content_type=HTML)
    page = PageFetcher(allow_networks=A_SITE, resolve=resolve).fetch(f"http://site.example.com:{httpserver.port}/")
    assert page.body == b"x"
    assert asked == [("site.example.com", httpserver.port)]
    assert httpserver.log[0][0].headers["Host"] == f"site.example.com:{httpserver.port}"


def test_a_simulated_site_keeps_its_own_name(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/p").respond_with_data("x", content_type=HTML)
    fetcher = PageFetcher(routes={"www.client.example": ("127.0.0.1", httpserver.port)})
    page = fetcher.fetch("http://www.client.example/p")
    assert page.final_url == "http://www.client.example/p"
    assert httpserver.log[0][0].headers["Host"] == "www.client.example"


def test_the_next_address_is_tried_when_the_first_does_not_listen(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("x", content_type=HTML)
    fetcher = PageFetcher(allow_networks=A_SITE, resolve=lambda host, port: ["127.0.0.77", "127.0.0.1"])
    assert fetcher.fetch(f"http://site.example.com:{httpserver.port}/").body == b"x"


def test_a_name_without_an_address_is_said_to_be_one() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert failure(PageFetcher(resolve=resolve), "http://nobody.example.com/").code == "unresolved"
    assert failure(PageFetcher(resolve=lambda host, port: []), "http://nobody.example.com/").code == "unresolved"


def test_the_systems_resolver_is_asked_for_names() -> None:
    # Whatever `localhost` resolves to here, it must be looked up and allowed to be answered at all.
    assert failure(PageFetcher(), "http://localhost:1/").code == "refused"
    networks = {"localhost": [LOOPBACK, ip_network("::1/128")]}
    assert failure(PageFetcher(allow_networks=networks), "http://localhost:1/").code == "unreachable"


def test_nobody_listening_is_unreachable(fetcher: PageFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert failure(fetcher, f"http://127.0.0.1:{port}/").code == "unreachable"


def test_plain_http_behind_https_is_unreachable(raw_server: RawServer, fetcher: PageFetcher) -> None:
    url = raw_server(b"HTTP/1.1 200 OK\r\n\r\n").replace("http:", "https:")
    assert failure(fetcher, url).code == "unreachable"


@pytest.mark.parametrize("status", [400, 401, 403, 418, 429, 500, 502, 503])
def test_a_status_that_says_nothing_about_the_page_is_no_measurement(
    httpserver: HTTPServer, fetcher: PageFetcher, status: int
) -> None:
    httpserver.expect_request("/").respond_with_data("x", status=status, content_type=HTML)
    assert failure(fetcher, at(httpserver, "/")).code == "http_status"


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_was_measured(httpserver: HTTPServer, fetcher: PageFetcher, status: int) -> None:
    httpserver.expect_request("/").respond_with_data("x", status=status, content_type="text/plain")
    assert fetcher.fetch(at(httpserver, "/")).status == status


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "text/plain", "application/json"])
def test_another_kind_of_document_is_not_measured(httpserver: HTTPServer, fetcher: PageFetcher, kind: str) -> None:
    httpserver.expect_request("/").respond_with_data("x", content_type=kind)
    assert failure(fetcher, at(httpserver, "/")).code == "not_html"


@pytest.mark.parametrize("kind", ["TEXT/HTML", "text/html;charset=latin1", "application/xhtml+xml"])
def test_html_is_known_by_its_media_type_alone(httpserver: HTTPServer, fetcher: PageFetcher, kind: str) -> None:
    httpserver.expect_request("/").respond_with_data("x", content_type=kind)
    assert fetcher.fetch(at(httpserver, "/")).body == b"x"


def encoded(body: bytes, encoding: str) -> Response:
    return Response(body, content_type=HTML, headers={"Content-Encoding": encoding})


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_gzip_is_unpacked(httpserver: HTTPServer, fetcher: PageFetcher, encoding: str) -> None:
    body = b"".join(hashlib.sha256(b"%d" % at).digest() for at in range(9_000))
    httpserver.expect_request("/").respond_with_response(encoded(gzip.compress(body), encoding))
    assert fetcher.fetch(at(httpserver, "/")).body == body


BOMB = gzip.compress(b"\0" * (MAX_DECODED_BYTES + 1), compresslevel=9)


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        pytest.param(BOMB, "gzip", "too_large", id="bomb"),
        pytest.param(gzip.compress(BOMB), "gzip, gzip", "encoding", id="bomb in a bomb"),
        pytest.param(b"x", "br", "encoding", id="brotli"),
        pytest.param(zlib.compress(b"x"), "deflate", "encoding", id="deflate"),
        pytest.param(b"no gzip", "gzip", "encoding", id="not gzip"),
        pytest.param(gzip.compress(b"x" * 1000)[:-9], "gzip", "encoding", id="cut off"),
        pytest.param(b"x" * (MAX_WIRE_BYTES + 1), "identity", "too_large", id="wire"),
    ],
)
def test_a_body_is_bounded_and_of_one_known_encoding(
    httpserver: HTTPServer, fetcher: PageFetcher, body: bytes, encoding: str, code: str
) -> None:
    httpserver.expect_request("/").respond_with_response(encoded(body, encoding))
    assert failure(fetcher, at(httpserver, "/")).code == code


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x15\x03\x01\x00\x02\x02\x50",
        b"HTTP/1.1 99999 what\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "TLS", "status", "cut short", "two lengths", "chunks", "huge header"],
)
def test_an_answer_that_is_no_http_is_named_so(raw_server: RawServer, fetcher: PageFetcher, answer: bytes) -> None:
    assert failure(fetcher, raw_server(answer)).code in {"invalid_response", "unreachable"}


def test_a_dripping_server_meets_the_deadline() -> None:
    fetcher = PageFetcher(allow_networks=HERE, total_seconds=0.3)
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                try:
                    while not stopped.wait(0.02):
                        connection.sendall(b"X: y\r\n")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        started = time.monotonic()
        try:
            assert failure(fetcher, f"http://127.0.0.1:{listener.getsockname()[1]}/").code == "timeout"
            assert time.monotonic() - started < 2
        finally:
            stopped.set()
            thread.join(5)


def test_a_silent_server_meets_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fetcher = PageFetcher(allow_networks=HERE, total_seconds=0.2)
        assert failure(fetcher, f"http://127.0.0.1:{listener.getsockname()[1]}/").code == "timeout"
