"""Money and its rules: cards, intents, lines, totals, invoices, subscriptions. No HTTP in here."""
