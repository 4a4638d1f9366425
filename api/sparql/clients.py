"""Who asks: the name under which a client's use is counted.

It is the address of the connection. Where that is a reverse proxy that the operator trusts, it is the last address in
``X-Forwarded-For`` that is none of the trusted ones: what stands before it, anybody may have written.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

from core.settings import Settings

#: Addresses in ``X-Forwarded-For`` that are looked at, from its end.
MAX_HOPS = 16
_Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address


def client_of(scope: Scope, settings: Settings) -> str:
    """The client's name: its IPv4 address, or the /64 of its IPv6 address, which is one customer's; may be empty."""
    peer = scope.get("client")
    address = _address(peer[0]) if peer else None
    if address is None:
        return ""
    if settings.trusted_proxies:
        address = _origin(address, _forwarded(scope), _networks(settings.trusted_proxies))
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return str(address)


def _origin(address: _Address, hops: Iterable[str], trusted: tuple[_Network, ...]) -> _Address:
    for hop in hops:
        if not any(address in network for network in trusted):
            return address
        told = _address(hop)
        if told is None:
            return address
        address = told
    return address


def _forwarded(scope: Scope) -> list[str]:
    """The addresses proxies have told, the nearest first."""
    fields = [value for name, value in scope.get("headers", ()) if name == b"x-forwarded-for"]
    told = b",".join(fields)[-64 * MAX_HOPS :].decode("latin-1")
    return [hop.strip() for hop in reversed(told.split(","))][:MAX_HOPS]


def _address(text: str) -> _Address | None:
    """An address, whether or not with a port; one of IPv4 that is written as one of IPv6 is the former."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=4)
def _networks(trusted: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ip_network(text, strict=False) for text in trusted)
