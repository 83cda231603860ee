"""A taken port is named, with how to see who has it and how to use another."""

import socket

import pytest

from local.errors import PortTakenError
from local.ports import free_port, require_free


def test_a_free_port_is_free() -> None:
    require_free(free_port(), "AMPLIFY_RAG_AWS_PORT")


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"Port {port} .*\n.*sport = :{port}(.|\n)*AMPLIFY_RAG_AWS_PORT="):
            require_free(port, "AMPLIFY_RAG_AWS_PORT")
