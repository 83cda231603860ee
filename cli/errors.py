"""Errors of the command line, each with the exit code that tells a script what to do about it.

* CliError               1  it did not work
  + RefusedError         1  the service refused the request: wrong id, wrong type, too large …
  + NotLoggedInError     3  log in (again)
  + UnreachableError     4  nothing answers: start the stack, check the network, try later
  + ServiceError         5  the service failed; its request id helps to find out why

Wrong usage ends with 2. The message is one line for the user.
"""


class CliError(Exception):
    """The command could not do what it was asked."""

    exit_code = 1


class RefusedError(CliError):
    """The service understood the request and refused it; ``code`` is its stable word for the reason."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class NotLoggedInError(CliError):
    """There is no valid token."""

    exit_code = 3


class UnreachableError(CliError):
    """Nothing answers at the address, or there is no address."""

    exit_code = 4


class ServiceError(CliError):
    """The service failed, or answered with something that is not its protocol."""

    exit_code = 5
