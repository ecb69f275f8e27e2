"""The control panel: the sandbox's clock, objects, events and visitors as plain pages for a person."""

from sandbox.panel.routes import bp

__all__ = ["bp"]
