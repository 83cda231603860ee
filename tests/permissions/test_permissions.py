"""Each function's role allows what its code can call, on the resources it calls, and nothing else."""

from typing import Any

import pytest

from tests.declarations import functions
from tests.permissions.grants import Grant, as_list, grants, named, of_role, policies
from tests.permissions.needs import FUNCTION, OF_ALL, OF_CALLS, OF_EVENTS, OF_KEY, OWN_QUEUE, SECRET, parsed
from tests.permissions.reach import calls
from tests.templates import EVERYTHING, Template, compiled

FUNCTIONS = functions()
#: Function → the module that does its work in stage local, and the setting by which another function does it deployed
ELSEWHERE = {
    "operations_api": ("operations.doctor_handler", "DOCTOR_FUNCTION"),
    "query_handler": ("vdr.model_source", "VDR_QUERY_FUNCTION"),
}
#: Function and call that it has the code for, and why it never makes it
NEVER = {
    ("doctor", "core.cost.ledger._entries"): "what a version has cost is told by workers, who charge for their calls"
}
#: Actions that know no resource: AWS offers no narrower form
WITHOUT_RESOURCE = {
    "dynamodb:ListStreams",
    *(need.action for need in parsed(OF_ALL)),
    *(f"ec2:{action}" for action in ("DescribeNetworkInterfaces", "DescribeSubnets")),
    # Interfaces have no names before they are made; a Deny keeps the function itself from them
    *(f"ec2:{action}NetworkInterface" for action in ("Create", "Delete")),
    *(f"ec2:{action}PrivateIpAddresses" for action in ("Assign", "Unassign")),
}


@pytest.fixture(scope="module")
def template() -> Template:
    return compiled()


def allowed(template: Template, key: str) -> set[Grant]:
    """What a function's role allows, but for log and network interfaces; secrets and functions by their kind."""
    found = set()
    for statement in of_role(template, FUNCTIONS[key]["role"]):
        for grant in grants(statement):
            kind = next((kind for kind in (SECRET, FUNCTION) if grant.resource.startswith(f"{kind}:")), grant.resource)
            if statement["Effect"] == "Allow" and not grant.action.startswith(("logs:", "ec2:")):
                found.add(Grant(grant.action, kind))
    return found


def needed(key: str) -> set[Grant]:
    """What a function's code and its events need, where everything that a stage may have is switched on."""
    events = {kind: event[kind] for event in FUNCTIONS[key].get("events", []) for kind in event if kind in OF_EVENTS}
    without, _setting = ELSEWHERE.get(key, ("", ""))
    reached = {call for call in calls(FUNCTIONS[key]["handler"], without) if (key, call) not in NEVER}
    needs = set().union(
        parsed(OF_ALL), *(parsed(OF_CALLS[call]) for call in reached), *(parsed(OF_EVENTS[kind]) for kind in events)
    )
    if "sqs" in events:
        queue = str(events["sqs"]["arn"]).split(".")[0]
        needs = {Grant(need.action, queue if need.resource == OWN_QUEUE else need.resource) for need in needs}
    ours = {need.action for need in needs if need.resource.startswith(("UploadsBucket", "DerivedBucket"))}
    needs |= {grant for action in ours & OF_KEY.keys() for grant in parsed(OF_KEY[action])}
    return needs | taken_over(needs)


def taken_over(needs: set[Grant]) -> set[Grant]:
    """The same on the queue and the bucket of the system before this one; to that bucket nobody uploads through us."""
    ours = {
        "UploadsBucket": "LegacyBucket",
        "UploadsBucket/*": "LegacyBucket/*",
        "RagDocumentIndexQueue": "LegacyQueue",
    }
    return {
        Grant(need.action, ours[need.resource])
        for need in needs
        if need.resource in ours and need.action not in {"s3:PutObject", "sqs:SendMessage"}
    }


@pytest.mark.parametrize("key", FUNCTIONS)
def test_a_role_allows_what_its_function_needs_and_nothing_else(template: Template, key: str) -> None:
    unused, missing = allowed(template, key) - needed(key), needed(key) - allowed(template, key)
    assert (sorted(unused), sorted(missing)) == ([], [])


def test_every_call_in_the_table_is_made_by_somebody() -> None:
    made = {call for function in FUNCTIONS.values() for call in calls(function["handler"])}
    assert made == set(OF_CALLS)
    for key, call in NEVER:
        assert call in calls(FUNCTIONS[key]["handler"])


def test_work_that_is_done_elsewhere_is(template: Template) -> None:
    for key, (_module, setting) in ELSEWHERE.items():
        name = template.functions()[key]["Environment"]["Variables"][setting]
        assert name in {each["FunctionName"] for each in template.functions().values()}


def test_every_function_has_a_role_of_its_own(template: Template) -> None:
    roles = [properties["Role"]["Fn::GetAtt"][0] for properties in template.functions().values()]
    assert len(roles) == len(set(roles)) == len(FUNCTIONS)
    for role in roles:
        [trust] = template.resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


@pytest.mark.parametrize("key", FUNCTIONS)
def test_a_role_writes_the_log_of_its_own_function(template: Template, key: str) -> None:
    found = {grant for each in of_role(template, FUNCTIONS[key]["role"]) for grant in grants(each)}
    own = f"log-group:/aws/lambda/{template.functions()[key]['FunctionName']}:*"
    assert {grant for grant in found if grant.action.startswith("logs:")} == {
        Grant(f"logs:{action}", own) for action in ("CreateLogStream", "PutLogEvents")
    }


@pytest.mark.parametrize("key", FUNCTIONS)
def test_a_role_reads_the_secrets_and_calls_the_functions_that_its_settings_name(template: Template, key: str) -> None:
    variables = template.functions()[key]["Environment"]["Variables"]
    secrets = {f"secret:{named(value)}-*" for name, value in variables.items() if name.endswith("_SECRET") and value}
    if any(name.endswith("_API_KEY_SECRET") for name in variables):  # whoever deploys names them; they are the stage's
        secrets |= {"secret:amplify-rag-async/dev/*"}
    called = {f"function:{value}" for name, value in variables.items() if name.endswith("_FUNCTION")}
    found = {grant.resource for each in of_role(template, FUNCTIONS[key]["role"]) for grant in grants(each)}
    assert {each for each in found if each.startswith(f"{SECRET}:")} <= secrets
    assert {each for each in found if each.startswith(f"{FUNCTION}:")} == called


@pytest.mark.parametrize("params", [{}, EVERYTHING], ids=["default", "everything"])
def test_no_action_and_no_resource_is_a_wildcard(params: dict[str, str]) -> None:
    template = compiled(**params)
    statements = [each for role in template.of("IAM::Role") for each in template.statements(role)]
    for policy in policies(template):
        statements += template.resources[policy]["Properties"]["PolicyDocument"]["Statement"]
    for statement in statements:
        for grant in grants(statement):
            assert "*" not in grant.action
            assert grant.resource != "*" or grant.action in WITHOUT_RESOURCE, grant


def test_nobody_but_the_uploads_bucket_announces_uploads(template: Template) -> None:
    given = [(name, each) for name, policy in template.of("SQS::QueuePolicy").items() for each in allowing(policy)]
    [(name, announcing)] = given
    assert template.resources[name]["Properties"]["Queues"] == [{"Ref": "RagDocumentIndexQueue"}]
    assert announcing["Principal"] == {"Service": "s3.amazonaws.com"}
    assert set(grants(announcing)) == {Grant("sqs:SendMessage", "RagDocumentIndexQueue")}
    assert announcing["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    source = announcing["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert named(source) == named(template.resources["UploadsBucket"]["Properties"]["BucketName"])


def allowing(policy: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]


def test_every_queue_and_bucket_is_spoken_to_by_tls_only(template: Template) -> None:
    guarded: set[str] = set()
    for policy in [*template.of("SQS::QueuePolicy").values(), *template.of("S3::BucketPolicy").values()]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if str(statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower() == "false":
                assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
                assert set(as_list(statement["Action"])) <= {"sqs:*", "s3:*"}
                guarded |= {named(each) for each in [*policy.get("Queues", []), *as_list(policy.get("Bucket", []))]}
    assert guarded == {*template.of("SQS::Queue"), *template.of("S3::Bucket")}
