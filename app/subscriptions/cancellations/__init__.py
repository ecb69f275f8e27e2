"""Leaving: the reason, at most one offer, the end, and staying after all."""
