"""What a browser complains of while somebody uses the portal: nothing may be among it."""

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Request

# Chromium writes one such line for each answer that is an error, also for those the page expects and explains.
EXPECTED = "Failed to load resource: the server responded with a status of 4"

# Also said by Chromium itself, but not for every directive.
LISTEN = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused by ${event.effectiveDirective}: ${event.blockedURI}`))"""


@dataclass
class Watch:
    """Console errors and warnings, uncaught exceptions and content policy violations of the contexts watched."""

    complaints: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.add_init_script(LISTEN)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        context.on("request", self._see)

    def unexpected(self) -> list[str]:
        """All but the browser's own line for an answer of 400 to 499."""
        return [complaint for complaint in self.complaints if EXPECTED not in complaint]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type} on {message.location['url']}: {message.text}")

    def _see(self, request: Request) -> None:
        if request.url.endswith("/csp-reports"):
            self.complaints.append(f"reported: {request.post_data}")
