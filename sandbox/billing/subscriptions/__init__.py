"""Subscriptions from their start to their end."""
