"""The only module that imports Google's client libraries: builds the service and makes one attempt at a request.

The discovery document comes with google-api-python-client, so building makes no network call. Belongs here:
credentials, transport, time limits, and turning whatever the libraries raise into this room's errors. Does not
belong here: retrying (``client``). Importing this module takes about a second, so ``client`` does it at first use.
A service is for one thread: httplib2, underneath, is not thread-safe.
"""

from __future__ import annotations

import http.client
import json
from typing import Any

import google_auth_httplib2
import httplib2
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.oauth2 import service_account
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from delivery_ops import clock
from delivery_ops.errors import DeliveryOpsError
from delivery_ops.search_console.failures import (
    CredentialsRefused,
    Refusal,
    Unavailable,
    classify,
    failure,
)

#: Seconds without a byte before an attempt is given up. Large days take Google tens of seconds.
SOCKET_TIMEOUT = 60.0
READ_ONLY_SCOPE = "https://www.googleapis.com/auth/webmasters.readonly"


def build_service(*, endpoint: str | None, key: str | None, direct: bool, timeout: float = SOCKET_TIMEOUT) -> Any:
    """The Search Console service: ``key`` is a service account key as JSON text, None = anonymous.

    Args:
        endpoint: replaces Google's root address.
        direct: do not use the proxy that the environment names (for an endpoint on this machine).

    Raises:
        CredentialsRefused: the key is no service account key.
    """
    transport = httplib2.Http(timeout=timeout, **({"proxy_info": None} if direct else {}))
    return build(
        "searchconsole",
        "v1",
        http=transport if key is None else google_auth_httplib2.AuthorizedHttp(_credentials(key), transport),
        client_options={"api_endpoint": endpoint} if endpoint else None,
        static_discovery=True,
        cache_discovery=False,
    )


def attempt(request: Any, *, doing: str, subject: str) -> dict[str, Any]:
    """Send a request once and return the decoded answer, a JSON object.

    Raises:
        DeliveryOpsError: one of ``failures``' errors.
    """
    try:
        # The library's own retries skip quotaExceeded and ignore Retry-After, so they stay off.
        answer = request.execute(num_retries=0)
    except HttpError as error:
        refusal = Refusal(status=error.status_code, headers=error.resp, body=error.content)
        raise classify(refusal, doing=doing, subject=subject, now=clock.now()) from error
    except GoogleAuthError as error:
        raise _of_credentials(error, doing, subject) from error
    except (OSError, httplib2.HttpLib2Error, http.client.HTTPException) as error:
        cause = f"no answer came ({type(error).__name__}: {error})"
        raise failure(Unavailable, doing, subject=subject, cause=cause) from error
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError) as error:
        # The libraries read answers without care: bytes that are no text, numbers and nesting beyond what Python's
        # reader takes, an error's message that is no text, a token that is a list or expires in 1e300 seconds.
        cause = f"the answer cannot be read ({type(error).__name__})"
        raise failure(Unavailable, doing, subject=subject, cause=cause) from error
    if not isinstance(answer, dict):  # the library hands a body that is no JSON through as text
        raise failure(Unavailable, doing, subject=subject, cause=f"the answer is no JSON object but {answer!r:.80}")
    return answer


def _credentials(key: str) -> Any:
    try:
        return service_account.Credentials.from_service_account_info(json.loads(key), scopes=[READ_ONLY_SCOPE])
    except (ValueError, TypeError, AttributeError, GoogleAuthError) as error:
        # The text of the key stays out of the message: it is a secret.
        raise failure(
            CredentialsRefused,
            "reading the Google credentials",
            subject="DELIVERY_OPS_GOOGLE_CREDENTIALS",
            cause=f"the value is no service account key ({type(error).__name__})",
        ) from error


def _of_credentials(error: GoogleAuthError, doing: str, subject: str) -> DeliveryOpsError:
    """Fetching a token failed: for good, unless it was the transport or the token endpoint says "retry"."""
    passing = isinstance(error, TransportError) or (isinstance(error, RefreshError) and error.retryable)
    cause = str(error.args[0]) if error.args else type(error).__name__
    return failure(Unavailable if passing else CredentialsRefused, doing, subject=subject, cause=cause)
