"""What a deployed stage promises of its stores, queues, APIs and logs, read from its compiled template."""

from typing import Any

import pytest

from core.settings import Settings
from tests.templates import EVERYTHING, Template, compiled

#: Everything that keeps what users gave, or what says what became of it
RECOVERABLE = ("DocumentStatusTable", "DocumentAuditTable", "UsageTable")
LASTING = ("UploadsBucket", "DerivedBucket", "DocumentStatusTable", "DocumentAuditTable", "UserPool")


@pytest.fixture(scope="module")
def template() -> Template:
    return compiled()


def rules(template: Template, bucket: str) -> dict[str, dict[str, Any]]:
    """The lifecycle rules of a bucket."""
    return {
        rule["Id"]: rule
        for rule in template.resources[bucket]["Properties"]["LifecycleConfiguration"]["Rules"]
        if rule["Status"] == "Enabled"
    }


def test_buckets_are_private_encrypted_and_spoken_to_by_tls_only(template: Template) -> None:
    ours = {name: each for name, each in template.of("S3::Bucket").items() if name != "ServerlessDeploymentBucket"}
    assert set(ours) == {"UploadsBucket", "DerivedBucket"}
    for name, bucket in template.of("S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"], name
    for policy in template.of("S3::BucketPolicy").values():
        denied = [each["Condition"] for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
        assert [str(condition["Bool"]["aws:SecureTransport"]).lower() for condition in denied] == ["false"]
    assert len(template.of("S3::BucketPolicy")) == len(template.of("S3::Bucket"))


def test_replaced_uploads_grow_cold_and_go(template: Template) -> None:
    bucket = template.resources["UploadsBucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    rule = rules(template, "UploadsBucket")["old-versions"]
    [colder] = rule["NoncurrentVersionTransitions"]
    assert colder["TransitionInDays"] < int(rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
    assert "ExpirationInDays" not in rule


def test_nothing_that_a_current_version_needs_expires(template: Template) -> None:
    expiring = {name: rule for name, rule in rules(template, "DerivedBucket").items() if "ExpirationInDays" in rule}
    assert list(expiring) == ["stage-outputs"]
    assert expiring["stage-outputs"]["TagFilters"] == [{"Key": "kind", "Value": "stage"}]
    longest = max(int(queue["MessageRetentionPeriod"]) for queue in template.of("SQS::Queue").values())
    assert expiring["stage-outputs"]["ExpirationInDays"] * 86_400 >= longest  # a dead letter may still be replayed
    # Without versions: what a deletion removes of a document is gone
    assert "VersioningConfiguration" not in template.resources["DerivedBucket"]["Properties"]


def test_a_key_of_ones_own_is_used_for_buckets_by_those_who_touch_them() -> None:
    template = compiled(**EVERYTHING)
    assert template.parameters["KmsKey"]["Default"] == EVERYTHING["kmsKey"]
    for name in ("UploadsBucket", "DerivedBucket"):
        [rule] = template.resources[name]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]["Fn::If"][:2] == ["HasKmsKey", {"Ref": "KmsKey"}]
    roles = template.of("IAM::Role")
    touching = {role for role in roles for each in template.statements(role) if touches_objects(each)}
    users = {role["Ref"] for role in template.resources["UseKmsKey"]["Properties"]["Roles"]}
    assert users == touching


def touches_objects(statement: dict[str, Any]) -> bool:
    actions = statement["Action"]
    return bool({"s3:GetObject", "s3:PutObject"} & set([actions] if isinstance(actions, str) else actions))


def test_queues_are_named_as_callers_know_them(template: Template) -> None:
    names = {queue["QueueName"] for queue in template.of("SQS::Queue").values()}
    pairs = ("document-index", "text-rag", "vdr")
    assert names == {f"amplify-rag-async-dev-{pair}-{kind}" for pair in pairs for kind in ("queue", "dlq")}


def test_mappings_are_bounded_report_single_failures_and_wait_six_times_as_long(template: Template) -> None:
    every = template.of("Lambda::EventSourceMapping").values()
    mappings = [each for each in every if "Queue" in str(each["EventSourceArn"])]
    assert len(mappings) == 3
    functions = template.of("Lambda::Function")
    for mapping in mappings:
        queue = template.resources[mapping["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        function = functions[mapping["FunctionName"]["Fn::GetAtt"][0]]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
        assert queue["RedrivePolicy"]["maxReceiveCount"] == Settings().max_receive_count
        assert queue["SqsManagedSseEnabled"] is True


def test_tables_are_on_demand_encrypted_and_expire_their_items(template: Template) -> None:
    for name, table in template.of("DynamoDB::Table").items():
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
        assert table["SSESpecification"] == {"SSEEnabled": True}, name
        assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}, name
        lasting = name in RECOVERABLE
        assert ("PointInTimeRecoverySpecification" in table) is lasting, name
        if lasting:
            assert str(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]).lower() == "true"


def test_what_lasts_is_kept_when_the_stack_goes(template: Template) -> None:
    for name in LASTING:
        assert template.resources[name]["DeletionPolicy"] == "RetainExceptOnCreate", name
        assert template.resources[name]["UpdateReplacePolicy"] == "Retain", name
    protected = compiled(**EVERYTHING).of("DynamoDB::Table")
    for name in ("DocumentStatusTable", "DocumentAuditTable"):
        assert str(protected[name]["DeletionProtectionEnabled"]).lower() == "true"
        assert str(template.resources[name]["Properties"]["DeletionProtectionEnabled"]).lower() == "false"


def test_the_api_takes_the_tokens_of_the_pool(template: Template) -> None:
    [jwt] = [each for each in template.of("ApiGatewayV2::Authorizer").values() if each["AuthorizerType"] == "JWT"]
    assert jwt["JwtConfiguration"]["Audience"] == [{"Ref": "UserPoolClient"}]
    socket = template.functions()["websocket_authorizer"]["Environment"]["Variables"]
    assert jwt["JwtConfiguration"]["Issuer"] == socket["JWT_ISSUER"]
    assert jwt["JwtConfiguration"]["Audience"] == [socket["JWT_AUDIENCE"]]


def test_only_this_stage_may_call_its_functions(template: Template) -> None:
    permissions = template.of("Lambda::Permission")
    assert len([name for name in permissions if name.endswith("PermissionWebsockets")]) == 7
    for name, permission in permissions.items():
        assert "SourceArn" in permission, name


def test_a_pool_that_is_there_already_is_named_by_a_parameter() -> None:
    template = compiled(**EVERYTHING)
    assert not template.of("Cognito::UserPool")
    assert template.parameters["UserPoolArn"]["Default"] == "/amplify/dev/COGNITO_USER_POOL_ARN"
    assert template.parameters["UserPoolClient"]["Default"] == "/amplify/dev/COGNITO_USER_POOL_CLIENT_ID"
    pool = {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "UserPoolArn"}]}]}
    assert template.content["Outputs"]["UserPoolId"]["Value"] == pool
    socket = template.functions()["websocket_authorizer"]["Environment"]["Variables"]
    assert socket["JWT_ISSUER"]["Fn::Sub"][1] == socket["JWKS_URL"]["Fn::Sub"][1] == {"UserPool": pool}


def test_outputs_stand_in_ssm_for_the_web_page(template: Template) -> None:
    outputs = {name: output["Value"] for name, output in template.content["Outputs"].items()}
    stored = {each["Name"]: each["Value"] for each in template.of("SSM::Parameter").values()}
    for parameter, output in {
        "ASYNC_RAG_API_URL": "ApiProcessorUrl",
        "ASYNC_RAG_QUERY_URL": "QueryHandlerUrl",
        "ASYNC_RAG_WEBSOCKET_URL": "WebSocketApiUrl",
        "rag/API_URL": "ApiUrl",
        "rag/UPLOADS_BUCKET": "UploadsBucketName",
        "rag/USER_POOL_ID": "UserPoolId",
        "rag/USER_POOL_CLIENT_ID": "UserPoolClientId",
    }.items():
        assert stored[f"/amplify/dev/{parameter}"] == outputs[output]


def test_every_function_has_its_runtime_its_log_group_and_tags(template: Template) -> None:
    groups = {group["LogGroupName"]: group for group in template.of("Logs::LogGroup").values()}
    for key, function in template.functions().items():
        assert function.get("Runtime", "python3.13") == "python3.13" or function["PackageType"] == "Image", key
        assert {"Key": "stage", "Value": "dev"} in function["Tags"], key
        assert groups[f"/aws/lambda/{function['FunctionName']}"]["RetentionInDays"] == 14, key


def test_tracing_is_a_setting() -> None:
    traced = compiled(**EVERYTHING)
    assert traced.parameters["Tracing"]["Default"] == "Active"
    for key, function in traced.functions().items():
        assert function["TracingConfig"] == {"Mode": "Active"}, key
        policies = traced.resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]["ManagedPolicyArns"]
        assert {"Fn::If": ["IsTraced", {"Ref": "SendTraces"}, {"Ref": "AWS::NoValue"}]} in policies, key
    assert compiled().parameters["Tracing"]["Default"] == "PassThrough"
