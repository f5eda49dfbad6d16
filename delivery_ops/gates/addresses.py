"""Which addresses and host names the page fetcher may not reach.

Belongs here: the deny table and the questions asked of it. Does not belong here: URLs (``targets``) and sockets
(``transport``). ``ipaddress.is_global`` is no guard: it calls multicast, 6to4 to loopback, NAT64 to loopback and
a cloud's wire server global. The table is the IANA special-purpose registries (IPv4 and IPv6, RFC 6890), plus
multicast, plus the addresses on which clouds serve credentials.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DENIED_IPV4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; 100.100.100.200 is Alibaba's metadata service
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's wire server
        "169.254.0.0/16",  # link local; 169.254.169.254 is the metadata service of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)

# One positive rule shuts out loopback, unique local, link and site local, multicast, discard-only, segment routing,
# IPv4-compatible, IPv4-translated and both NAT64 prefixes. What it lets through again is denied below.
ALLOWED_IPV6 = IPv6Network("2000::/3")
DENIED_IPV6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # Teredo (embeds IPv4), ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4: embeds IPv4, so 2002:7f00:1:: is loopback
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)

_PRIVATE_NAMES = frozenset({"localhost", "metadata.google.internal"})
_PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".arpa", ".onion")


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv4-mapped one (``::ffff:0:0/96``), which the system connects to as IPv4."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_public(address: Address) -> bool:
    """Whether ``address`` belongs to the public internet, as far as anybody may know."""
    address = unwrapped(address)
    if isinstance(address, IPv4Address):
        return not any(address in block for block in DENIED_IPV4)
    if address.scope_id is not None or address not in ALLOWED_IPV6:
        return False
    return not any(address in block for block in DENIED_IPV6)


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    """Whether ``address`` lies in one of ``networks``."""
    address = unwrapped(address)
    return any(address.version == network.version and address in network for network in networks)


def is_private_name(host: str) -> bool:
    """Whether the lower-case ``host`` names something inside a machine, a home or a company: reserved names, and
    names without a dot, which the local search list completes."""
    return host in _PRIVATE_NAMES or host.endswith(_PRIVATE_SUFFIXES) or "." not in host
