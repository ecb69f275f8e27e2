"""The control panel: the sandbox's clock, objects, events, visitors and faults as plain pages for a person."""

from sandbox.panel import faults, objects, routes, settings, visits  # noqa: F401 - they register their pages
from sandbox.panel.pages import bp

__all__ = ["bp"]
