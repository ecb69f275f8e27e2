"""One conversation with the mail server that SMTP_URL names."""

import contextlib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from urllib.parse import SplitResult, unquote, urlsplit

from app.core.failpoints import failpoint

TIMEOUT_SECONDS = 10
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class Unreachable(OSError):
    """The server is not there, or not ready for us: nothing was handed over."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"mail server not ready: {type(error).__name__} {getattr(error, 'smtp_code', '')}".strip())


class Refused(OSError):
    """The server did not take the mail; `str` has its codes, without the addresses it answered with."""

    def __init__(self, what: str, codes: set[int]) -> None:
        super().__init__(f"{what} refused: {', '.join(map(str, sorted(codes)))}")
        self.is_final = all(code >= 500 for code in codes)


def send(url: str, message: EmailMessage, our_host: str, begin: Callable[[], None]) -> None:
    """Send `message`, greeting as `our_host`. Certificates are verified.

    `url` is `smtp://`, `smtp+starttls://` or `smtps://`, with user and password percent-encoded. `begin` is called when the
    server is ready and the mail goes out next. Raises Unreachable before that; Refused when the server said no; any other
    OSError or smtplib.SMTPException when nobody knows whether it has the mail.
    """
    with _ready(urlsplit(url), our_host) as server:
        begin()
        failpoint("before_mail")
        try:
            server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            # Its own text would carry the addresses into logs, as would the server's in the other one.
            raise Refused("recipients", {code for code, _answer in refused.recipients.values()}) from None
        except smtplib.SMTPResponseException as refused:
            raise Refused("mail", {refused.smtp_code}) from None
        failpoint("after_mail_before_commit")


@contextlib.contextmanager
def _ready(parts: SplitResult, our_host: str) -> Iterator[smtplib.SMTP]:
    """A server that knows who we are. How the conversation ends says nothing about the mail. Raises Unreachable."""
    server: smtplib.SMTP | None = None
    try:
        # The name is given, because smtplib would look up this machine's own at the DNS.
        server = _connect(parts, our_host)
        if parts.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except (OSError, smtplib.SMTPException) as error:
        if server is not None:
            server.close()
        raise Unreachable(error) from error
    try:
        yield server
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _connect(parts: SplitResult, our_host: str) -> smtplib.SMTP:
    host, port = parts.hostname or "localhost", parts.port or PORTS[parts.scheme]
    greeting = f"[{our_host}]" if our_host[-1:].isdigit() else our_host
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, greeting, timeout=TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(host, port, greeting, timeout=TIMEOUT_SECONDS)
