"""Why an amount is what it is, from the facts of its line."""
