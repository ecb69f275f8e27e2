"""What every answer carries: a Content-Security-Policy with a nonce, the other headers, and who may post at all.

Our own small module because the policy differs by page: only a page that takes a card may load Stripe.js.
"""

import secrets
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from .config import LIVE_API_BASE, Settings
from .extensions import csrf, limiter
from .logs import log

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REPORT_LIMIT_BYTES = 16 * 1024

bp = Blueprint("security", __name__)


def csp_nonce() -> str:
    """The nonce of this answer; each `<script>` of ours carries it."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def allow_card_form() -> None:
    """Let this one page load Stripe.js and talk to Stripe from the browser; called by the doors that take cards."""
    g.card_form = True


def keep_address_secret() -> None:
    """The address of this answer is a key: it goes into no Referer, and no index. Its forms are sent by a script."""
    g.secret_address = True


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _card_sources(settings: Settings) -> dict[str, list[str]]:
    """Stripe's published list for Elements, from the configured addresses (https://docs.stripe.com/security/guide)."""
    script, api = _origin(settings.stripe_js_url), _origin(settings.stripe_api_base)
    if settings.stripe_api_base != LIVE_API_BASE:
        return {"script-src": [script], "frame-src": [script], "connect-src": [api], "img-src": [script]}
    return {
        "script-src": [script, "https://*.js.stripe.com"],
        "frame-src": [script, "https://*.js.stripe.com", "https://hooks.stripe.com"],
        "connect-src": [api],
        "img-src": ["https://*.stripe.com"],
    }


def content_security_policy(settings: Settings, nonce: str, *, card_form: bool) -> str:
    policy = {
        "default-src": ["'none'"],
        "script-src": [f"'nonce-{nonce}'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-src": [],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "report-uri": ["/csp-reports"],
    }
    if card_form:
        for directive, sources in _card_sources(settings).items():
            policy[directive] += sources
    return "; ".join(f"{directive} {' '.join(sources)}" for directive, sources in policy.items() if sources)


def _headers(response: Response) -> Response:
    settings: Settings = current_app.extensions["settings"]
    card_form = bool(g.get("card_form"))
    headers = response.headers
    if response.mimetype == "text/html":
        headers["Content-Security-Policy"] = content_security_policy(settings, csp_nonce(), card_form=card_form)
    headers["X-Content-Type-Options"] = "nosniff"
    # Not no-referrer: over https the CSRF check compares the Referer of a form post.
    headers["Referrer-Policy"] = "no-referrer" if g.get("secret_address") else "same-origin"
    if g.get("secret_address"):
        headers["X-Robots-Tag"] = "noindex, nofollow"
    headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups" if card_form else "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    payment = f'(self "{_origin(settings.stripe_js_url)}")' if card_form else "()"
    headers["Permissions-Policy"] = f"payment={payment}, camera=(), geolocation=(), microphone=(), usb=()"
    if settings.is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        response.vary.update(["Cookie", "HX-Request"])
    return response


def _same_site_only() -> None:
    """Refuse an unsafe request that a browser says comes from elsewhere, even one that brings a valid token."""
    if request.method in SAFE_METHODS:
        return
    settings: Settings = current_app.extensions["settings"]
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        abort(403)
    if request.headers.get("Origin", settings.public_url) not in {settings.public_url}:
        abort(403)


@bp.post("/csp-reports")
@limiter.limit("30/minute")
def csp_report() -> tuple[str, int]:
    """Write down which directive a page broke; never the address, which may hold a token."""
    request.max_content_length = REPORT_LIMIT_BYTES
    try:
        report = (request.get_json(silent=True, force=True) or {}) if request.content_length else {}
    except RecursionError:  # nested deeper than Python reads; no browser's doing
        report = {}
    body = report.get("csp-report", {}) if isinstance(report, dict) else {}
    directive = body.get("effective-directive", "") if isinstance(body, dict) else ""
    log.warning("content security policy violated", directive=str(directive)[:60])
    return "", 204


def init_app(app: Flask) -> None:
    settings: Settings = app.extensions["settings"]
    app.config["TRUSTED_HOSTS"] = [settings.public_host]
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]  # Flask's own documented way
    app.before_request(_same_site_only)
    app.after_request(_headers)
    app.register_blueprint(bp)
    csrf.exempt(csp_report)  # sent by the browser itself, which has no token
    app.jinja_env.globals["csp_nonce"] = csp_nonce
