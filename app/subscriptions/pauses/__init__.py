"""A rest from the end of the paid period, and coming back from it."""
