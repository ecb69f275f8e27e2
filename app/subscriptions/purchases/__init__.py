"""Buying a plan, with a trial or without, with a code or without, for the first time or again."""
