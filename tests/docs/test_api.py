"""docs/api.md by the OpenAPI documents of both applications: routes, statuses, and every example."""

import json
import re
import shlex
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from jsonschema import Draft202012Validator

from api.app import app
from api.openapi import describe, other_routes
from local.settings import ROOT
from operations.app import app as operations_app
from operations.description import ROUTE_KEY
from tests.docs.documents import FENCED

TEXT = (ROOT / "docs" / "api.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### ([A-Z]+ /\S+)\n(.*?)(?=^##+ |\Z)", TEXT, re.MULTILINE | re.DOTALL))
EXAMPLES = sorted(SECTIONS)
#: Answers that any route may give, described once
ANYWHERE = {"200", "201", "202", "400", "401", "429", "500", "503"}


def documents() -> tuple[dict[str, Any], ...]:
    title_and_about = {"title": "operations", "about": ""}
    return describe(app, other_routes()), describe(operations_app, (), **title_and_about)


@cache
def operations() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Each route as ``GET /path``: what is said of it, and the document that says so."""
    return {
        f"{method.upper()} {path}": (operation, document)
        for document in documents()
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def check(body: Any, content: dict[str, Any], document: dict[str, Any]) -> None:
    """Raises when the body is none that the content's schema describes."""
    schema = content["application/json"]["schema"]
    Draft202012Validator({**schema, "components": document["components"]}).validate(body)


def blocks(route: str, language: str) -> list[str]:
    return [body for each, body in FENCED.findall(SECTIONS[route]) if each == language]


def test_every_route_has_its_section_and_no_other() -> None:
    assert set(SECTIONS) == set(operations())
    assert ROUTE_KEY in SECTIONS


@pytest.mark.parametrize("route", EXAMPLES)
def test_its_statuses_and_fields_are_named(route: str) -> None:
    operation, document = operations()[route]
    text = SECTIONS[route]
    for status in set(operation["responses"]) - ANYWHERE:
        assert status in text, f"{route} may answer {status}"
    for parameter in operation.get("parameters", []):
        assert parameter["name"] in route + text, f"{route} takes {parameter['name']}"
    if "requestBody" in operation:
        name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for field in document["components"]["schemas"][name]["properties"]:
            assert f"`{field}`" in text or f'"{field}"' in text or "same body" in text, f"{route} takes {field}"


@pytest.mark.parametrize("route", EXAMPLES)
def test_its_example_is_a_request_that_is_described(route: str) -> None:
    operation, document = operations()[route]
    [example] = blocks(route, "sh")
    words = shlex.split(example.replace("\\\n", " "))
    options = {words[index]: words[index + 1] for index, word in enumerate(words) if word in ("-X", "-d")}
    method, path = route.split(" ")
    assert options.get("-X", "GET") == method
    url = urlsplit(next(word for word in words if word.startswith("$API")).removeprefix("$API"))
    assert re.fullmatch(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(path)), url.path)
    described = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
    assert set(parse_qs(url.query)) <= described
    assert ("-H" in words) == (operation.get("security") != [])
    assert ("-d" in options) == ("requestBody" in operation)
    if "-d" in options:
        check(json.loads(options["-d"]), operation["requestBody"]["content"], document)


@pytest.mark.parametrize("route", [route for route in EXAMPLES if blocks(route, "json")])
def test_its_answer_is_one_that_is_described(route: str) -> None:
    operation, document = operations()[route]
    for body in blocks(route, "json"):
        check(json.loads(body), operation["responses"]["200"]["content"], document)
