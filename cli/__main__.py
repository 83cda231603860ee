"""``python -m cli``: the same as ``amplify-rag``."""

from cli.main import app

app(prog_name="amplify-rag")
