"""What can go wrong with the local stack; each message says what to do about it."""


class LocalStackError(Exception):
    """The local stack could not do what was asked."""


class PortTakenError(LocalStackError):
    """Another program listens where a server of the stack belongs."""

    def __init__(self, port: int, variable: str) -> None:
        super().__init__(
            f"Port {port} on 127.0.0.1 is taken by another program.\n"
            f"  See which one:    ss -tanp 'sport = :{port}'   (or: lsof -iTCP:{port})\n"
            f"  Or use another:   {variable}=<port> make up"
        )
        self.port = port


class StartError(LocalStackError):
    """A server ended, or did not answer, while it was starting."""

    def __init__(self, name: str, reason: str, log: str) -> None:
        super().__init__(f"{name} did not start: {reason}\n{log}".rstrip())
