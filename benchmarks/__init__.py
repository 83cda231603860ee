"""Measurements: one command each, printing its figures with the machine, the date and a peer or a bound."""
