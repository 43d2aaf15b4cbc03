"""A request to an address that somebody else has chosen: only to where it may go, only for so long, and of the
answer only its status is read.

The name is resolved once, the address is looked at, and that very address is connected to: a name that resolves otherwise a
moment later leads nowhere else. Redirects are not followed, proxies not used.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from scanpipe.faults import ConfigFault, UsageFault

_CONNECT_S, _WHOLE_S = 5.0, 10.0
_LONGEST_URL = 1000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is None where there was no answer; `problem` is a phrase, empty when it was taken."""

    status: int | None
    problem: str = ""

    @property
    def taken(self) -> bool:
        return not self.problem


class Sender:
    """Any thread may call. `allow_private`: also to addresses that are not public, and without TLS."""

    def __init__(self, allow_private: bool = False, ca: str = "", resolve: Resolve | None = None) -> None:
        """Raises ConfigFault where `ca` cannot be used."""
        self.allow_private = allow_private
        self._resolve = resolve or _resolved
        try:
            self._tls = ssl.create_default_context(cafile=ca or None)
        except OSError as e:
            raise ConfigFault(f"webhooks.ca: {ca} cannot be used: {e}", "Name a PEM file.") from e
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._closed = False

    def post(self, url: str, body: bytes, headers: Mapping[str, str], whole_s: float = _WHOLE_S) -> Outcome:
        """What came of it; never raises for what the other side does."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            addresses = self._resolve(parts.hostname or "", port)
        except (OSError, UnicodeError):
            return Outcome(None, "its name is not known")
        allowed = [a for a in addresses if self.allow_private or is_public(a)]
        if not allowed:
            return Outcome(None, "its address is not public")
        return self._post(parts, (allowed[0], port), body, headers, whole_s)

    def close(self) -> None:
        """Breaks off what is under way; nothing is sent from here on."""
        with self._lock:
            self._closed = True
            for open_ in self._open:
                _hang_up(open_)

    def _post(
        self, parts: SplitResult, to: tuple[str, int], body: bytes, headers: Mapping[str, str], whole_s: float
    ) -> Outcome:
        connection = http.client.HTTPConnection(parts.hostname or "", to[1])
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        raw: socket.socket | None = None
        try:
            raw = socket.create_connection(to, _CONNECT_S)
            with self._watched(raw), _deadline(raw, whole_s):
                raw.settimeout(whole_s)
                tls = parts.scheme == "https"
                connection.sock = self._tls.wrap_socket(raw, server_hostname=parts.hostname) if tls else raw
                connection.request("POST", target, body, dict(headers))
                return _told(connection.getresponse().status)
        except ssl.SSLError:
            return Outcome(None, "its certificate or TLS is not in order")
        except TimeoutError:
            return Outcome(None, "no answer in time")
        except (OSError, http.client.HTTPException, ValueError) as e:
            return Outcome(None, f"no answer ({type(e).__name__})")
        finally:
            connection.close()
            if raw is not None:
                raw.close()

    def _watched(self, raw: socket.socket) -> _Watched:
        return _Watched(self, raw)


class _Watched:
    """As long as a connection is open, `Sender.close` can hang up on it."""

    def __init__(self, sender: Sender, raw: socket.socket) -> None:
        self._sender, self._raw = sender, socket.fromfd(raw.fileno(), raw.family, raw.type)

    def __enter__(self) -> None:
        with self._sender._lock:
            self._sender._open.add(self._raw)
            if self._sender._closed:
                _hang_up(self._raw)

    def __exit__(self, *error: object) -> None:
        with self._sender._lock:
            self._sender._open.discard(self._raw)
        self._raw.close()


class _deadline:
    """Hangs up after a while: a receiver that answers a byte now and then would never run into a timeout."""

    def __init__(self, raw: socket.socket, whole_s: float) -> None:
        self._raw = socket.fromfd(raw.fileno(), raw.family, raw.type)
        self._timer = threading.Timer(whole_s, _hang_up, (self._raw,))
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()
        self._timer.join()
        self._raw.close()


def check_url(url: str, allow_private: bool) -> None:
    """Raises UsageFault for an address that nothing can or may be sent to."""
    parts = _split(url)
    if parts is None or not parts.hostname or parts.port == 0 or parts.username is not None or parts.fragment:
        raise UsageFault("that is no address to send to", "Give one like https://grading.example/hook.")
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise UsageFault("the address is not https", "What is sent tells of candidates: use TLS.")
    if not allow_private and _is_literal(parts.hostname) and not is_public(parts.hostname):
        raise UsageFault("the address is not public", "webhooks.allow_private allows it, for all who register any.")


def _split(url: str) -> SplitResult | None:
    """The parts of an address in which all is plain; None for another one, and for one that cannot be taken apart."""
    if not (url.isascii() and url.isprintable() and " " not in url and len(url) <= _LONGEST_URL):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # asked for, it says whether it is a number
    except ValueError:
        return None
    return parts


def is_public(address: str) -> bool:
    """Can it be reached from everywhere? Not private, loopback, link-local, multicast, nor such an IPv4 address in an IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip.sixtofour is not None or ip.teredo is not None or ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_unspecified


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _resolved(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _told(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(status)
    return Outcome(status, "it has moved: redirects are not followed" if 300 <= status < 400 else "not taken")


def _hang_up(raw: socket.socket) -> None:
    with suppress(OSError):
        raw.shutdown(socket.SHUT_RDWR)
