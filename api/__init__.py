"""HTTP handlers other than search: uploads, documents, and the description of all routes."""
