"""Chaos on purpose: a plan of faults, with a seed, that strikes calls, charges and webhooks the same way each time."""

from sandbox.chaos.agent import Chaos

__all__ = ["Chaos"]
