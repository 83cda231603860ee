"""Documents to try the system with, and the programs that make them from the texts in ``source/``."""
