"""What is planned for a subscription, phase by phase."""
