"""`amplify-rag`: upload documents, watch them being read, and query them, on a laptop or in an account."""
