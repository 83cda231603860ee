"""Evaluation: how well the real pipeline and query code find what judges say they should find."""
