"""``hook verify`` for WordPress: is a delivery authentic, and what would come of it? Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from delivery_ops.connectors import delivery as hook
from delivery_ops.connectors.pages import Site
from delivery_ops.connectors.signatures.standard import verify
from delivery_ops.connectors.wordpress.translate import translate


def check(delivery: hook.Delivery, site: Site, secrets: Sequence[str]) -> hook.HookCheck:
    """What the receiver would find, at the moment the delivery was received."""
    verdict = verify(delivery.headers, delivery.body, secrets, delivery.received_at)
    return hook.check_hook(verdict, lambda: translate(delivery, site))
