"""Programs Counterfoil can bring along: PostgreSQL, Redis, a mail catcher, and the supervisor that keeps them running."""
