"""The page on which the demo's mails are read: what the portal sent, to whom, as text and as HTML.

python -m portal.demo.mailbox --port 8025 --dir mails
"""

import argparse
import re
import sys
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response as BaseResponse

from portal.services import messages
from portal.services.child import Child
from portal.services.ports import kept_port, responds

PAGE_LENGTH = 100
LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]]")
PAGE_POLICY = "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
# A mail is a stranger: no script, no form, nothing loaded but pictures of this machine; its links open outside of the sandbox.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data: http://127.0.0.1:* http://localhost:*; frame-ancestors 'self'"
)

bp = Blueprint("mailbox", __name__)


class Mailbox:
    """The page as a child of the demo, showing the mails in `directory`."""

    def __init__(self, home: Path, directory: Path) -> None:
        """Keep or choose a port; starts no server."""
        home.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self.port = kept_port(home / "mailbox-port")

    @property
    def url(self) -> str:
        """Where a person finds it."""
        return f"http://127.0.0.1:{self.port}"

    def child(self) -> Child:
        """The page's server, as the supervisor runs it."""
        return Child(
            name="mailbox",
            command=[sys.executable, "-m", __name__, "--port", str(self.port), "--dir", self._directory],
            ready=lambda: responds(self.url),
        )


def create_app(directory: Path) -> Flask:
    """The mailbox of one directory of mails."""
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]  # mails hold reset links: no other name may point here
    app.config["MAILS"] = directory
    app.add_template_filter(linked)
    app.register_blueprint(bp)
    app.after_request(_secure)
    return app


@bp.get("/")
def index() -> str:
    """The mails, newest first, a page at a time."""
    to, before = request.args.get("to", "").strip(), request.args.get("before", "")
    found = list(islice(messages.newest_first(_mails(), to, before), PAGE_LENGTH + 1))
    older = found[PAGE_LENGTH - 1].id if len(found) > PAGE_LENGTH else None
    return render_template("mailbox/index.html", messages=found[:PAGE_LENGTH], to=to, older=older, before=before)


@bp.get("/messages.json")
def listing() -> Response:
    """All mails, or those to one address, for seeds and tests."""
    found = messages.newest_first(_mails(), request.args.get("to", "").strip())
    return jsonify([vars(message) | {"date": message.date and message.date.isoformat()} for message in found])


@bp.get("/messages/<identifier>")
def show(identifier: str) -> str:
    """One mail."""
    return render_template("mailbox/show.html", message=_found(identifier))


@bp.get("/messages/<identifier>/html")
def html(identifier: str) -> Response:
    """The HTML part by itself, for the frame on its page."""
    answer = Response(opening_links_outside(_found(identifier).html or ""), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = MAIL_POLICY
    return answer


@bp.post("/messages/deletion")
def deletion() -> BaseResponse:
    """Forget every mail; refused to forms of other sites."""
    if "Origin" in request.headers and urlsplit(request.headers["Origin"]).netloc != request.host:
        abort(403)
    messages.delete_all(_mails())
    return redirect(url_for(".index"), 303)


def _mails() -> Path:
    directory: Path = current_app.config["MAILS"]
    return directory


def _found(identifier: str) -> messages.Message:
    return messages.get(_mails(), identifier) or abort(404)


def _secure(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def linked(text: str) -> Markup:
    """Plain text with its addresses made into links."""
    end, parts = 0, []
    for link in LINK.finditer(text):
        parts += [escape(text[end : link.start()]), Markup('<a href="{0}">{0}</a>').format(link.group())]
        end = link.end()
    return Markup("").join([*parts, escape(text[end:])])


def opening_links_outside(html: str) -> str:
    """The mail with a <base> that opens links in a new tab: inside the frame the portal's pages refuse to be shown."""
    base = '<base target="_blank">'
    with_base, heads = re.subn(r"(<head\b[^>]*>)", rf"\1{base}", html, count=1, flags=re.IGNORECASE)
    return with_base if heads else base + html


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep the log for errors."""


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m portal.demo.mailbox", description="Show caught mails on 127.0.0.1."
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True, help="where the mail catcher keeps its files")
    arguments = parser.parse_args()
    app = create_app(arguments.dir.resolve())
    make_server("127.0.0.1", arguments.port, app, threaded=True, request_handler=_Quiet).serve_forever()


if __name__ == "__main__":
    main()
