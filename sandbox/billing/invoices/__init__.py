"""Invoices: lines, sums, how they are made and how they end; credit notes and the balance."""
