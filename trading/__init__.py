"""What runs, what it may risk, what it did."""
