"""At stake: the account's key goes to Google alone, and an answer about it that is not to contract costs no run."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth.credentials import CredentialsWithRegionalAccessBoundary
from pydantic import SecretStr

from delivery_ops.search_console.client import SearchConsoleClient
from delivery_ops.search_console.failures import (
    CredentialsRefused,
    NotPermitted,
    Unavailable,
)
from delivery_ops.settings import Client, SearchConsole, Settings
from delivery_ops_tests.search_console.answers import (
    DAY,
    FORBIDDEN,
    NOTHING,
    pages,
)


def service_account_key(token_uri):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "export@project.example",
            "token_uri": token_uri,
            "private_key_id": "1",
            "private_key": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        }
    )


def test_a_service_account_gets_a_token_and_sends_it(api, httpserver, monkeypatch):
    # Newer google-auth looks a "regional access boundary" up at Google in the background: no network in tests.
    monkeypatch.setattr(
        CredentialsWithRegionalAccessBoundary, "_is_regional_access_boundary_lookup_required", lambda self: False
    )
    httpserver.expect_request("/token", method="POST").respond_with_json({"access_token": "T", "expires_in": 3600})
    api.say(NOTHING)
    client = SearchConsoleClient(endpoint=api.endpoint, key=service_account_key(httpserver.url_for("/token")))
    assert pages(client) == [[]]
    assert api.headers[0]["Authorization"] == "Bearer T"

    httpserver.expect_request("/webmasters/v3/sites").respond_with_json({})
    api.say(FORBIDDEN, status=403)
    with pytest.raises(NotPermitted, match=r"What export@project\.example sees: no property at all"):
        pages(client)


def test_a_revoked_grant_is_permanent(api, httpserver, naps):
    refused = {"error": "invalid_grant", "error_description": "account not found"}
    httpserver.expect_request("/token").respond_with_json(refused, status=400)
    key = service_account_key(httpserver.url_for("/token"))
    with pytest.raises(CredentialsRefused, match="invalid_grant: account not found"):
        pages(SearchConsoleClient(endpoint=api.endpoint, key=key, sleep=naps.append))
    assert naps == []
    assert api.bodies == []


@pytest.mark.parametrize(
    "token",
    [
        b"[]",
        b"null",
        b"17",
        b"<html>",
        b"[" * 100_000,
        b'{"access_token": null}',
        b'{"access_token": 17, "expires_in": 3600}',
        b'{"access_token": "T", "expires_in": "soon"}',
        b'{"access_token": "T", "expires_in": []}',
        b'{"access_token": "T", "expires_in": 1e300}',
    ],
)
def test_a_token_against_the_contract_is_an_error_of_ours(api, httpserver, naps, monkeypatch, token):
    monkeypatch.setattr(
        CredentialsWithRegionalAccessBoundary, "_is_regional_access_boundary_lookup_required", lambda self: False
    )
    httpserver.expect_request("/token").respond_with_data(token, content_type="application/json")
    key = service_account_key(httpserver.url_for("/token"))
    with pytest.raises((CredentialsRefused, Unavailable)):
        pages(SearchConsoleClient(endpoint=api.endpoint, key=key, sleep=naps.append))
    assert api.bodies == []


@pytest.mark.parametrize("key", ["not json", "[]", "17", "{}", '{"type": "service_account", "private_key": "s3cret"}'])
def test_an_unusable_key_is_refused_without_showing_it(api, key):
    with pytest.raises(CredentialsRefused) as caught:
        pages(SearchConsoleClient(endpoint=api.endpoint, key=key))
    assert "s3cret" not in str(caught.value)
    assert "DELIVERY_OPS_GOOGLE_CREDENTIALS" in str(caught.value)


@pytest.mark.parametrize("endpoint", [None, "https://search.example/", "http://192.0.2.7:80"])
def test_without_credentials_only_this_machine_is_asked(endpoint):
    with pytest.raises(CredentialsRefused, match="no credentials are configured"):
        pages(SearchConsoleClient(endpoint=endpoint))


def settings_with(tmp_path, endpoint):
    return Settings(
        operation="test",
        zone="UTC",
        state_dir=tmp_path,
        config_dir=tmp_path,
        clients=(Client(id="acme", name="Acme", tier="gold"),),
        deliverable_types=("article",),
        search_console=SearchConsole(start=DAY, endpoint=endpoint),
        google_credentials=SecretStr("the key"),
    )


@pytest.mark.parametrize(
    ("endpoint", "key"),
    [
        (None, "the key"),
        ("https://search.example/", "the key"),
        ("http://127.0.0.1:8080", None),
        ("http://localhost:8080", None),
        ("http://[::1]:8080", None),
        ("http://127.0.0.1.example:8080", "the key"),
    ],
)
def test_the_real_key_never_goes_to_a_server_on_this_machine(tmp_path, endpoint, key):
    client = SearchConsoleClient.from_settings(settings_with(tmp_path, endpoint))
    assert (client.endpoint, client.key) == (endpoint, key)
    assert "the key" not in repr(client)


@pytest.mark.parametrize(("configured", "asked"), [(None, "http://127.0.0.1:5"), ("http://[::1]:6", "http://[::1]:6")])
def test_the_default_endpoint_is_asked_where_none_is_configured(tmp_path, configured, asked):
    client = SearchConsoleClient.from_settings(
        settings_with(tmp_path, configured), default_endpoint="http://127.0.0.1:5"
    )
    assert (client.endpoint, client.key) == (asked, None)
