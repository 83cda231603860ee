"""The vision model's client, against a real HTTP server that speaks the protocol."""

import base64
import json
from typing import Any

import pytest

from core.cost import consumption
from core.cost.costs import Quantity
from core.errors import SettingsError, TransientError
from core.settings import Settings
from rag.api_keys import ApiKey
from rag.picture_vision import ANSWER_CHARACTERS, VisionEndpoint, parse_answer, vision_endpoint
from tests.rag.vision_server import VisionServer, vision_server

__all__ = ["vision_server"]
PICTURE = b"\x89PNG and more"


def client(server: VisionServer, **changes: Any) -> VisionEndpoint:
    values: dict[str, Any] = {"api_key": ApiKey(lambda: "k"), "seconds": 5, "backoff_seconds": 0.01}
    return VisionEndpoint(base_url=server.address, model="some-model", **(values | changes))


def test_speaks_the_protocol(vision_server: VisionServer) -> None:
    vision_server.answers.append("chart\nPrices rise from 3 to 5.")
    said = client(vision_server).describe(PICTURE, "image/png", "Figure 1: Prices")
    assert (said.kind, said.text) == ("chart", "Prices rise from 3 to 5.")
    (request,) = vision_server.requests
    assert (request["path"], request["key"], request["model"]) == ("/v1/chat/completions", "Bearer k", "some-model")
    prompt, image = request["messages"][0]["content"]
    assert prompt["text"].endswith("Figure 1: Prices")
    assert image["image_url"]["url"] == f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    assert 0 < request["max_tokens"] <= 2000


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        ("Table\n\na b\n1 2", "table", "a b\n1 2"),
        ("**Kind:** diagram\nTwo boxes.", "diagram", "Two boxes."),
        ("A photo.\nA tree.", "photograph", "A tree."),
        ("A chart of prices that rises over the years.", None, "A chart of prices that rises over the years."),
        ("decorative", "decorative", "decorative"),
    ],
)
def test_the_first_line_names_the_kind(answer: str, kind: str | None, text: str) -> None:
    said = parse_answer(answer)
    assert (said.kind, said.text) == (kind, text)


def test_an_answer_is_bounded() -> None:
    assert len(parse_answer("chart\n" + "9" * 50_000).text) <= ANSWER_CHARACTERS


@pytest.mark.parametrize("failures", [[429], [503, 500]])
def test_what_passes_is_repeated(vision_server: VisionServer, failures: list[int]) -> None:
    vision_server.failures.extend(failures)
    assert client(vision_server).describe(PICTURE, "image/png").text
    assert len(vision_server.requests) == len(failures) + 1


@pytest.mark.parametrize("status", [400, 413, 422, 429, 500])
def test_what_one_picture_may_be_at_fault_for_is_no_fault_of_the_settings(
    vision_server: VisionServer, status: int
) -> None:
    vision_server.failures.extend([status] * 10)
    with pytest.raises(TransientError, match=str(status)):
        client(vision_server).describe(PICTURE, "image/png")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_as_such_is_our_settings_fault_and_not_repeated(vision_server: VisionServer, status: int) -> None:
    vision_server.failures.append(status)
    with pytest.raises(SettingsError, match=f"VISION_ENDPOINT.*{status}"):
        client(vision_server).describe(PICTURE, "image/png")
    assert len(vision_server.requests) == 1


NO_TEXT = b'{"choices": [{"message": {"content": null}}]}'


@pytest.mark.parametrize("body", [b"<html>", b'{"choices": []}', NO_TEXT, b"[]"])
def test_an_answer_without_text_is_a_failure(vision_server: VisionServer, body: bytes) -> None:
    vision_server.bodies.append(body)
    with pytest.raises(TransientError):
        client(vision_server).describe(PICTURE, "image/png")


def test_nobody_there_is_the_worlds_fault() -> None:
    with pytest.raises(TransientError):
        VisionEndpoint(base_url="http://127.0.0.1:9/v1", model="m", backoff_seconds=0).describe(PICTURE, "image/png")


def test_the_settings_choose_it() -> None:
    assert vision_endpoint(Settings()) is None
    assert vision_endpoint(Settings(vision_endpoint="http://127.0.0.1:9/v1", vision_model="m")) is not None
    with pytest.raises(SettingsError, match="VISION_MODEL"):
        vision_endpoint(Settings(vision_endpoint="http://127.0.0.1:9/v1"))
    with pytest.raises(SettingsError, match="VISION_ENDPOINT"):
        vision_endpoint(Settings(vision_endpoint="file:///etc/passwd", vision_model="m"))


def test_tokens_are_counted_by_what_they_cost(vision_server: VisionServer) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 50, "total_tokens": 950}
    answer = {"choices": [{"message": {"content": "chart\nPrices."}}], "usage": usage}
    vision_server.bodies.append(json.dumps(answer).encode())
    before = consumption.totals()
    client(vision_server).describe(PICTURE, "image/png")
    used = consumption.totals() - before
    assert (used[Quantity.VISION_INPUT_TOKENS], used[Quantity.VISION_OUTPUT_TOKENS]) == (900, 50)
