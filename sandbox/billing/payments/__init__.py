"""Cards, intents, charges, and money that goes back."""
