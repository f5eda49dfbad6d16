"""A Search Console on loopback that gives prepared answers, and the question that most tests ask it."""

import json
from collections import deque
from datetime import date

from werkzeug import Response

from delivery_ops.search_console.windows import DaySpan

PROPERTY = "sc-domain:example.com"
QUERY_PATH = "/webmasters/v3/sites/sc-domain:example.com/searchAnalytics/query"
DAY = date(2026, 3, 2)
SPAN = DaySpan(start=date(2026, 3, 20), end=date(2026, 3, 30))
FORBIDDEN = {"error": {"errors": [{"domain": "global", "reason": "forbidden", "message": "no permission"}]}}
NOTHING = {"responseAggregationType": "byPage"}
RATE = {"error": {"errors": [{"domain": "usageLimits", "reason": "quotaExceeded", "message": "QPS quota"}]}}


def row(*keys, clicks=1.0):
    return {"keys": list(keys), "clicks": clicks, "impressions": 10.0, "ctr": 0.1, "position": 3.5}


class Answers:
    """A Search Console that gives prepared answers in turn and keeps the requests it saw."""

    def __init__(self, httpserver):
        self.queue = deque()
        self.bodies = []
        self.headers = []
        self.endpoint = httpserver.url_for("").rstrip("/")
        httpserver.expect_request(QUERY_PATH, method="POST").respond_with_handler(self._answer)

    def _answer(self, request):
        self.bodies.append(request.get_json())
        self.headers.append(dict(request.headers))
        status, body, headers = self.queue.popleft()
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Response(data, status=status, headers=headers, content_type="application/json")

    def say(self, *bodies, status=200, **headers):
        self.queue += [(status, body, {n.replace("_", "-"): v for n, v in headers.items()}) for body in bodies]


def pages(client, *dimensions):
    return list(client.pages(PROPERTY, DAY, dimensions or ("date", "page")))
