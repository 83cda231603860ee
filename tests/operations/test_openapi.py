"""The description of operators' routes: valid, complete, and true to what is answered."""

import json
from functools import cache
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from api.openapi import OPERATIONS, describe
from operations import description
from operations.app import app
from operations.handler import answer
from tests.api.conftest import EVENTS, Reply
from tests.api.test_openapi import operations, resolve, validator
from tests.declarations import functions
from tests.operations.desk import Desk


@cache
def document() -> dict[str, Any]:
    described = describe(app, (), title=description.TITLE, about=description.ABOUT)
    return dict(json.loads(json.dumps(described)))


def conforms(reply: Reply, method: str, path: str) -> bool:
    """Whether an answer is one that the description knows; fails the test with the reason when it is not."""
    response = resolve(document(), document()["paths"][path][method]["responses"][str(reply.status)])
    validator(document(), response["content"]["application/json"]["schema"]).validate(reply.body)
    return True


def test_it_is_valid_and_describes_every_deployed_route_of_operators_and_no_other() -> None:
    OpenAPIV31SpecValidator(document()).validate()
    events = [event for function in functions().values() for event in function.get("events", [])]
    routes = [event["httpApi"] for event in events if "httpApi" in event]
    deployed = {(route["method"], route["path"]) for route in routes if route["path"].startswith(OPERATIONS)}
    assert set(operations(document())) == deployed


def test_all_routes_but_the_description_say_who_may_not() -> None:
    for (_method, path), operation in operations(document()).items():
        assert ("403" in operation["responses"]) == (path != f"{OPERATIONS}openapi.json")


def test_examples_are_valid() -> None:
    schema = document()["components"]["schemas"]["DeadLetterSelection"]
    for example in schema["examples"]:
        validator(document(), schema).validate(example)


def test_it_is_served_without_a_token(desk: Desk) -> None:
    event = json.loads((EVENTS / "http_openapi.json").read_text())
    event |= {"rawPath": f"{OPERATIONS}openapi.json", "routeKey": description.ROUTE_KEY}
    event["requestContext"]["http"]["path"] = event["rawPath"]
    answered = answer(event, None, desk.operations)  # type: ignore[arg-type]
    assert (answered["statusCode"], json.loads(answered["body"])) == (200, document())
