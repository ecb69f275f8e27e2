"""Another plan, interval or number of seats: shown to the cent, done exactly so, and taken back."""
