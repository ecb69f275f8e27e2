"""The control panel: the sandbox's clock, objects, events, visitors and faults as plain pages for a person."""

from importlib import import_module

from sandbox.panel.pages import bp

for name in ("routes", "objects", "visits", "faults", "settings"):
    import_module(f"{__name__}.{name}")  # each registers its pages

__all__ = ["bp"]
