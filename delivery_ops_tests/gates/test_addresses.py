"""At stake: a gate that can be sent to loopback, a neighbour or a cloud's credential service."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.gates.addresses import (
    ALLOWED_IPV6,
    DENIED_IPV4,
    DENIED_IPV6,
    is_private_name,
    is_public,
    is_within,
)

# Addresses that `ipaddress.is_global` calls global, or that are famous for what answers there.
NOT_PUBLIC = """
    127.0.0.1 127.1.2.3 0.0.0.0 0.1.2.3 10.1.2.3 100.64.0.1 100.100.100.200 169.254.169.254 172.16.0.1 172.31.255.255
    192.168.1.1 192.0.0.8 192.0.0.170 192.88.99.1 168.63.129.16 198.18.0.1 198.19.255.255 224.0.0.1 239.255.255.255
    240.0.0.1 255.255.255.255 192.0.2.1 198.51.100.1 203.0.113.1 192.31.196.1 192.52.193.1 192.175.48.1
    :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::7f00:1
    2002:7f00:1:: 2001::1 2001:db8::1 2001:2::1 2001:10::1 2620:4f:8000::1 3fff::1 5f00::1 100::1 fc00::1
    fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 4000::1
"""
PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 168.63.129.15 168.63.129.17 172.15.255.255
    172.32.0.0 192.167.255.255 192.169.0.0 223.255.255.255 ::ffff:8.8.8.8 2606:4700:4700::1111 2a00:1450::1
    2001:200::1 2003::1
"""


@pytest.mark.parametrize("text", NOT_PUBLIC.split())
def test_a_special_address_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC.split())
def test_an_ordinary_address_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("block", DENIED_IPV4, ids=str)
def test_a_denied_block_ends_where_the_registry_says(block) -> None:
    assert not is_public(block[0])
    assert not is_public(block[-1])
    for neighbour in (int(block[0]) - 1, int(block[-1]) + 1):
        if 0 <= neighbour < 1 << 32:
            address = IPv4Address(neighbour)
            assert is_public(address) != any(address in other for other in DENIED_IPV4)


@pytest.mark.parametrize("block", DENIED_IPV6, ids=str)
def test_a_denied_ipv6_block_is_a_hole_in_the_allowed_one(block: IPv6Network) -> None:
    assert block.subnet_of(ALLOWED_IPV6)
    assert not is_public(block[0])
    assert not is_public(block[-1])


@given(st.integers(0, (1 << 32) - 1).map(IPv4Address) | st.integers(0, (1 << 128) - 1).map(IPv6Address))
def test_the_table_is_at_least_as_strict_as_the_standard_library(address) -> None:
    assert address.is_global or not is_public(address)


@given(st.integers(0, (1 << 32) - 1).map(IPv4Address))
def test_an_address_is_judged_alike_in_its_mapped_form(address: IPv4Address) -> None:
    assert is_public(address) == is_public(IPv6Address(f"::ffff:{address}"))


def test_an_address_counts_as_within_a_network_in_its_mapped_form_too() -> None:
    loopback = [ip_network("127.0.0.0/8")]
    assert is_within(ip_address("127.0.0.1"), loopback)
    assert is_within(ip_address("::ffff:127.0.0.1"), loopback)
    assert not is_within(ip_address("::1"), loopback)
    assert not is_within(ip_address("128.0.0.1"), loopback)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "a.localhost",
        "printer",
        "nas.local",
        "db.internal",
        "router.home.arpa",
        "x.onion",
        "metadata.google.internal",
    ],
)
def test_a_name_inside_a_private_network_is_known(host: str) -> None:
    assert is_private_name(host)


@pytest.mark.parametrize("host", ["example.com", "www.client.example", "localhost.example.com", "internal.example.com"])
def test_an_ordinary_name_is_not_private(host: str) -> None:
    assert not is_private_name(host)
