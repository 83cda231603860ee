"""Documents as pictures: pages rendered, embedded by a page model, stored as packed vectors, found by MaxSim."""
