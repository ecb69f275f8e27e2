"""Who is taxed, where, and how much."""
