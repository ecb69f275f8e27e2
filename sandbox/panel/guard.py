"""Who may press the panel's buttons: a person on its own pages, not another site through that person's browser."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Request


def is_own_page(request: Request) -> bool:
    """Whether a POST comes from this panel, or from no browser at all (then nobody is being tricked).

    ``Sec-Fetch-Site`` is the browser's own word (https://www.w3.org/TR/fetch-metadata/); older ones send ``Origin``.
    """
    if not is_local_name(request.host):
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def is_local_name(host: str) -> bool:
    """Whether ``host[:port]`` can only mean this machine or its network: an address, or a name without a domain.

    A foreign page that rebinds its own domain name to 127.0.0.1 is "same origin" to the browser, but keeps its name.
    """
    name = urlsplit(f"//{host}").hostname or ""
    try:
        ip_address(name)
    except ValueError:
        return "." not in name or name.endswith(".localhost")
    return True
