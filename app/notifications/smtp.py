"""One conversation with the mail server that SMTP_URL names."""

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import SplitResult, unquote, urlsplit

TIMEOUT_SECONDS = 10
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class RecipientsRefused(OSError):
    """The server takes mail for none of the recipients; `str` has its codes, without the addresses it answered with."""

    def __init__(self, refused: smtplib.SMTPRecipientsRefused) -> None:
        codes = sorted({str(code) for code, _answer in refused.recipients.values()})
        super().__init__(f"recipients refused: {', '.join(codes)}")


def send(url: str, message: EmailMessage, our_host: str) -> None:
    """Send `message`, greeting as `our_host`. Certificates are verified.

    `url` is `smtp://`, `smtp+starttls://` or `smtps://`, with user and password percent-encoded. Raises OSError,
    RecipientsRefused among them, or smtplib.SMTPException.
    """
    parts = urlsplit(url)
    # The name is given, because smtplib would look up this machine's own at the DNS.
    with _connect(parts, our_host) as server:
        if parts.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        try:
            server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            raise RecipientsRefused(refused) from None  # its own text would carry the addresses into logs


def _connect(parts: SplitResult, our_host: str) -> smtplib.SMTP:
    host, port = parts.hostname or "localhost", parts.port or PORTS[parts.scheme]
    greeting = f"[{our_host}]" if our_host[-1:].isdigit() else our_host
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, greeting, timeout=TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(host, port, greeting, timeout=TIMEOUT_SECONDS)
