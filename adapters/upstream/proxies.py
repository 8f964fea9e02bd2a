"""Which origins are reached through a proxy: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Self
from urllib.parse import urlsplit

from adapters.upstream.port import Origin
from domain.errors import NotConfigured
from domain.secret import Secret

_SCHEMES: Final = ("http", "https", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """One word of `NO_PROXY`: a domain with everything below it, or a network; at one port, or at any."""

    domain: str | None = None
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    def covers(self, host: str, port: int) -> bool:
        """Whether an origin is reached directly because of this word."""
        if self.port is not None and self.port != port:
            return False
        address = _address(host)
        if self.network is not None:
            return address is not None and address in self.network
        if self.domain is None:
            return True
        name = host.lower().rstrip(".")
        return name == self.domain or (address is None and name.endswith(f".{self.domain}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """The proxies by scheme (`all` for the rest), and who is exempt from them.

    The URLs may hold passwords, so they are Secrets.
    """

    by_scheme: tuple[tuple[str, Secret], ...] = ()
    exemptions: tuple[Exemption, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the variables, the lower-case spelling first. Raises NotConfigured for a URL that is no proxy's.

        As curl does it (https://curl.se/libcurl/c/CURLOPT_NOPROXY.html, 2026-11): `NO_PROXY` is a list by commas
        or blanks of `*`, domains (a leading dot or `*.` changes nothing), addresses and networks, here also with
        a port. Nothing is exempt by itself, loopback neither.
        """
        by_scheme = []
        for scheme in _SCHEMES:
            name, url = _variable(environment, f"{scheme}_proxy")
            if url:
                by_scheme.append((scheme, Secret(_proxy_url(name, url))))
        _, exempt = _variable(environment, "no_proxy")
        words = exempt.replace(",", " ").split()
        return cls(by_scheme=tuple(by_scheme), exemptions=tuple(_exemption(word) for word in words))

    def proxy_for(self, origin: Origin) -> str | None:
        """The URL of the proxy for an origin, None = reached directly."""
        schemes = dict(self.by_scheme)
        proxy = schemes.get(origin.scheme) or schemes.get("all")
        if proxy is None or any(exemption.covers(origin.host, origin.port) for exemption in self.exemptions):
            return None
        return proxy.reveal()


def _variable(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    for spelling in (name, name.upper()):
        value = environment.get(spelling, "").strip()
        if value:
            return spelling, value
    return name, ""


def _proxy_url(variable: str, url: str) -> str:
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise NotConfigured(
            f"{variable} must be the URL of an HTTP proxy, http://host:port or https://host:port; "
            f"it is something else (SOCKS proxies are not spoken)"
        )
    return url


def _exemption(word: str) -> Exemption:
    if word == "*":
        return Exemption()
    word = word.rsplit("://", 1)[-1].lower()
    network = _network(word.strip("[]"))
    if network is not None:
        return Exemption(network=network)
    host, colon, port = word.rpartition(":")
    if not colon or not port.isdecimal():
        host, port = word, ""
    network = _network(host.strip("[]"))
    domain = None if network is not None else host.removeprefix("*").strip(".")
    return Exemption(domain=domain, network=network, port=int(port) if port else None)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
