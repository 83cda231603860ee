"""Every function from its package, under the real runtime client: the zip file with its layers, or an image's packages.

Nothing else of this environment can be imported. The packages are for the Python that runs the tests; `make check`
makes those for AWS in the same way.
"""

import ast
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from layers.build import described
from layers.sizes import LIMIT, packages
from local.postgres import SUPERUSER
from tests.databases import TestServer
from tests.declarations import functions as declared_functions
from tests.emulators import TestEmulator
from tests.handlers.conftest import Functions, event
from tests.handlers.issuer import Issuer
from tests.handlers.runtime_api import BARE_PYTHON, Place
from tests.handlers.sockets import Sockets
from tests.handlers.test_pipeline import (  # collected here again, over the packages
    CONNECTION,
    test_a_file_is_watched_found_and_forgotten,
    test_a_picture_is_found_with_its_image,
)
from tests.packaging.images import FUNCTIONS as IMAGES
from tests.packaging.places import unpack
from tests.packaging.trees import Stage, package

__all__ = ["test_a_file_is_watched_found_and_forgotten", "test_a_picture_is_found_with_its_image"]

SECRETS = {"RAG_POSTGRES_DB_OPERATIONS_SECRET": "operations", "RAG_POSTGRES_DB_ADMINISTRATOR_SECRET": "administrator"}


@dataclass(frozen=True)
class Case:
    """A recorded event and what a function answers to it; of an answer over HTTP its status."""

    event: str
    answer: Any


HELD = {"batchItemFailures": [{"itemIdentifier": "7f3b1f0e-6a43-4d0e-8a3c-2a3d9b8f6c11"}]}  # it is no notification
CASES = {
    "async_document_processor": Case("sqs_s3_upload", HELD),
    "text_rag_processor": Case("sqs_text_job", {"batchItemFailures": []}),
    "vdr_processor": Case("sqs_vdr_job", {"batchItemFailures": []}),
    "query_handler": Case("http_query", 200),
    "documents_api": Case("http_document_unknown", 404),
    "rollout": Case("http_rollout", 200),
    "operations_api": Case("http_dead_letters", 200),
    "check_health": Case("schedule", {"errors": 0}),
    "check_reindex": Case("schedule", {"after": None}),
    "doctor": Case("doctor", {"cursor": None}),
    "migrate": Case("migrate", {"pending": [], "error": ""}),
    "status_pusher": Case("dynamodb_status_stream", {"batchItemFailures": []}),
    "websocket_authorizer": Case("websocket_authorizer", {"principalId": "anonymous"}),
    "websocket_connect": Case("websocket_connect", 200),
    "websocket_disconnect": Case("websocket_disconnect", 200),
    "websocket_default": Case("websocket_default", 200),
    "websocket_subscribe": Case("websocket_subscribe", 200),
    "websocket_unsubscribe": Case("websocket_unsubscribe", 200),
    "websocket_ping": Case("websocket_ping", 200),
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """What `serverless package --stage dev` makes."""
    return package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def places(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Place]:
    """Each function's code and packages on disk."""
    return unpack(stage, tmp_path_factory.mktemp("lambda"))


@pytest.fixture(scope="module")
def function(
    known_variables: dict[str, str], emulator: TestEmulator, postgres: TestServer, places: dict[str, Place]
) -> Iterator[Callable[..., Any]]:
    """Functions by their key, each from its package; the text model is where its layer has it."""
    secrets = emulator.emulator.client("secretsmanager")
    passwords = {"operations": postgres.passwords.operations, "administrator": postgres.passwords.superuser}
    for name, password in passwords.items():
        secrets.create_secret(Name=name, SecretString=json.dumps({"username": SUPERUSER, "password": password}))
    [search] = {place.packages[0].parent for key, place in places.items() if key == "query_handler" and place.packages}
    more = {"TEXT_MODEL_PATH": str(search / "text-model"), "LOGNAME": "migrate", **SECRETS}
    with ExitStack() as stack:
        yield Functions(emulator, known_variables | more, stack, places)


def test_every_function_is_tried() -> None:
    assert set(CASES) == set(declared_functions())


@pytest.mark.parametrize("key", CASES)
def test_it_starts_and_answers(function: Functions, key: str, open_sockets: Sockets) -> None:
    open_sockets.open(CONNECTION)
    case = CASES[key]
    answer = function(key).invoke(event(case.event))
    if isinstance(case.answer, int):
        assert answer["statusCode"] == case.answer, answer
    else:
        assert {name: answer[name] for name in case.answer} == case.answer, answer


def test_a_token_opens_a_socket(function: Functions, token_issuer: Issuer) -> None:
    asked = event("websocket_authorizer", queryStringParameters={"token": token_issuer.token("somebody")})
    assert function("websocket_authorizer").invoke(asked)["principalId"] == "somebody"


def test_nothing_of_this_environment_is_in_reach(places: dict[str, Place]) -> None:
    modules = ("pytest", "onnxruntime", "torch", "markitdown")
    program = f"import importlib.util as u, sys; print([m for m in {modules} if u.find_spec(m)])"
    reached = {}
    for key in ("websocket_ping", "query_handler", "text_rag_processor", "vdr_processor"):
        path = os.pathsep.join(map(str, places[key].packages or ()))
        # As core/child.py starts children: by the path that the function has
        done = subprocess.run(  # noqa: S603
            [*BARE_PYTHON, "-c", program], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
        )
        reached[key] = ast.literal_eval(done.stdout)
    assert reached == {
        "websocket_ping": [],
        "query_handler": ["onnxruntime"],
        "text_rag_processor": ["onnxruntime", "markitdown"],
        "vdr_processor": ["onnxruntime", "torch", "markitdown"],
    }


def test_every_zip_function_is_within_the_limit(stage: Stage) -> None:
    found = {package.function.rpartition("-")[2]: package for package in packages(stage.folder)}
    assert set(found) == set(declared_functions()) - set(IMAGES)
    assert not [package for package in found.values() if package.total > LIMIT]
    assert all(package.code < 5_000_000 and package.layers["base"] > 10_000_000 for package in found.values())


def test_a_changed_layer_is_a_new_resource_at_a_new_place(stage: Stage) -> None:
    layers = {name: item for name, item in stage.template["Resources"].items() if "LayerVersion" in item["Type"]}
    built = described(stage.target)
    assert len(layers) == len(built)
    for name, item in layers.items():
        [layer] = [layer for layer in built.values() if layer.sha256.startswith(name.rpartition("Layer")[2])]
        assert item["Properties"]["Content"]["S3Key"].endswith(f"{layer.sha256}.zip")
