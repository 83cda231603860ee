"""The command `amplify-rag`."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from cli import (
    cost,
    dlq,
    doctor,
    documents,
    evaluate,
    flags,
    login,
    migrate,
    pages,
    pause,
    query,
    recovery,
    rollout,
    route,
    trigger,
    upload,
    watch,
    whoami,
)
from cli.console import err
from cli.errors import CliError
from core import logs
from core.settings import follow_shell_region


class Commands(TyperGroup):
    """Turns the errors of commands into one line and an exit code."""

    def invoke(self, ctx: Any) -> object:
        """Runs a command; raises typer.Exit with the error's exit code."""
        try:
            return super().invoke(ctx)
        except CliError as error:
            err.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
            raise typer.Exit(error.exit_code) from None


def print_version(wanted: bool) -> None:
    """Prints the version of this checkout and ends."""
    if wanted:
        project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
        typer.echo(f"amplify-rag {project['version']}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and end.")
]

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Upload documents, watch them being read, and query them.\n\n"
        "Works against the local stack (make up), or a deployment named by --stage or --endpoints.\n\n"
        "Exit codes: 0 done, 1 failed or refused, 2 wrong usage, 3 not logged in, 4 nothing answers, 5 service error."
    ),
)


@app.callback()
def main(context: typer.Context, *, version: Version = False) -> None:
    """Options of the command itself act by their callbacks; the shell's region and the logs' place are for all."""
    context.with_resource(logs.on_stderr())
    follow_shell_region()


for group in (login, whoami, upload, watch, query, documents, cost, recovery, pages, route, doctor, migrate, pause):
    group.register(app)
app.add_typer(evaluate.app, name="eval")
app.add_typer(dlq.app, name="dlq")
app.add_typer(flags.app, name="flags")
app.add_typer(rollout.app, name="rollout")
app.add_typer(trigger.app, name="trigger")
