"""`amplify-rag eval`."""

import typer

app = typer.Typer(help="Measure how well queries find what they should.", no_args_is_help=True)
