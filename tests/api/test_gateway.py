"""The API as deployed: behind the gateway's authorizer, with the rights of its own role."""

from urllib.parse import quote

import httpx

from tests.stacks import RunningStack

NAME, FILE = "a b/été #1 100%41?.txt", b"Parental leave is twenty weeks."


def test_a_document_comes_and_goes(stack: RunningStack) -> None:
    user, stranger = stack.new_user(), stack.new_user()
    announced = stack.call("POST", "/v2/uploads", token=user.token, body={"fileName": NAME, "size": len(FILE)})
    assert announced.status == 201, announced.body
    form, name = announced.body["upload"], f"/v2/documents/{announced.body['documentId']}"
    assert httpx.post(form["url"], data=form["fields"], files={"file": ("a.txt", FILE)}).status_code == 204
    for path in (name, f"{name}/status", f"{name}/events", "/v2/documents"):
        assert stack.call("GET", path, token=user.token).status == 200
        assert stack.call("GET", path).status == 401
    assert stack.call("GET", name, token=stranger.token).status == 404
    receipt = stack.call("DELETE", name, token=user.token)
    assert (receipt.status, receipt.body["deleted"]["uploadObjects"]) == (200, 1), receipt.body
    assert stack.call("GET", name, token=user.token).status == 404


def test_an_alias_gets_through_the_gateway_when_it_is_encoded_twice(stack: RunningStack) -> None:
    user = stack.new_user()
    announced = stack.call("POST", "/v2/uploads", token=user.token, body={"fileName": NAME, "size": 5}).body
    alias = quote(quote(announced["statusId"], safe=""), safe="")
    answer = stack.call("GET", f"/v2/documents/{alias}/status", token=user.token)
    assert (answer.status, answer.body["documentId"]) == (200, announced["documentId"])


def test_the_description_is_public(stack: RunningStack) -> None:
    answer = stack.call("GET", "/v2/openapi.json")
    assert (answer.status, answer.body["openapi"]) == (200, "3.1.0")
