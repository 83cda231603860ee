"""Queries: both arms of retrieval joined into one list of hits, with the evidence shown."""
