"""Invoices that are only looked at."""
