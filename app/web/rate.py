"""How often one address may try: a bucket of tries for each, filled up over the minute, in bounded memory."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from math import ceil

from starlette.datastructures import Headers
from starlette.types import Scope

_MOST = 10_000
_IPV6_PREFIX = 64
"""Whoever has one IPv6 address has all that share its first half."""
Networks = Sequence[IPv4Network | IPv6Network]


class Rate:
    """Tries of many addresses; those not seen for longest are forgotten first."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.a_minute = a_minute
        self.clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Counts a try: 0 where it may go on, else after how many seconds the next may."""
        now = self.clock()
        left, since = self._left.pop(address, (float(self.a_minute), now))
        left = min(self.a_minute, left + (now - since) * self.a_minute / 60)
        allowed = left >= 1
        self._left[address] = (left - 1 if allowed else left, now)
        while len(self._left) > _MOST:
            self._left.popitem(last=False)
        return 0 if allowed else ceil((1 - left) * 60 / self.a_minute)


def client(scope: Scope, proxies: Networks) -> str:
    """Who asks: the address that connects, or the one that a proxy of ours names; of IPv6 the network."""
    peer = (scope.get("client") or ("", 0))[0]
    named = [part.strip() for line in Headers(scope=scope).getlist("x-forwarded-for") for part in line.split(",")]
    while named and _within(peer, proxies):
        peer = named.pop()
    try:
        address = ip_address(peer)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
    return str(address)


def _within(peer: str, proxies: Networks) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in proxies)
