"""Operations: what watches over the documents, and what operators do to them."""
