"""What documents cost: prices, what was used, and the ledger that keeps it."""
