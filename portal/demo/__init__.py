"""What makes a running portal a demo: its mailbox, its people, its closing block."""
