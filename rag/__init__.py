"""Documents as text: extract, chunk, embed, store, retrieve."""
