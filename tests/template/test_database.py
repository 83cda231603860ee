"""The database of a stage: one that is there already, or one made by the same deployment."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.settings import Settings
from tests.declarations import declared
from tests.templates import BEHIND_NAT, EVERYTHING, Template, compiled

EXISTING: dict[str, str] = {}  # what a stage has that says nothing
ENDPOINT = "RAG_POSTGRES_DB_WRITE_ENDPOINT"
BY_LAMBDA = {"logs"}  #: what Lambda itself does with a function's role, outside the function's network
NETWORKED = ("AWS::EC2::", "AWS::RDS::")


def variables(properties: dict[str, Any]) -> dict[str, Any]:
    """A function's environment."""
    return dict(properties["Environment"]["Variables"])


def database_users(template: Template) -> dict[str, dict[str, Any]]:
    """The functions that are told where the database is."""
    return {key: each for key, each in template.functions().items() if ENDPOINT in variables(each)}


def called_services(template: Template) -> Iterator[str]:
    """The services that functions which use the database call, by what their own policies let them do."""
    for properties in database_users(template).values():
        for statement in template.statements(properties["Role"]["Fn::GetAtt"][0]):
            actions = statement["Action"]
            yield from (action.split(":")[0] for action in ([actions] if isinstance(actions, str) else actions))


def test_an_existing_database_is_read_from_the_parameters_of_the_service_before() -> None:
    template = compiled(**EXISTING)
    read = {each["Default"] for each in template.parameters.values() if each["Type"].startswith("AWS::SSM::")}
    names = ("WRITE_ENDPOINT", "READ_ENDPOINT", "NAME", "USERNAME", "SECRET", "SUBNETS", "SECURITY_GROUPS")
    assert read == {f"/amplify/dev/RAG_POSTGRES_DB_{name}" for name in names}
    for properties in database_users(template).values():
        assert variables(properties)["RAG_POSTGRES_DB_READ_ENDPOINT"] == {"Ref": "DatabaseReadEndpoint"}
        assert variables(properties)["RAG_POSTGRES_DB_NAME"] == {"Ref": "DatabaseName"}


def test_a_stage_with_an_existing_database_pays_for_none() -> None:
    kinds = {resource["Type"] for resource in compiled(**EXISTING).resources.values()}
    assert not [kind for kind in kinds if kind.startswith(NETWORKED)]


@pytest.mark.parametrize("params", [EXISTING, EVERYTHING], ids=["existing", "create"])
def test_functions_that_use_the_database_are_in_its_network_and_no_others(params: dict[str, str]) -> None:
    template = compiled(**params)
    inside = {key for key, properties in template.functions().items() if "VpcConfig" in properties}
    assert inside == set(database_users(template))
    assert {"text_rag_processor", "vdr_processor", "query_handler", "documents_api", "doctor"} <= inside
    for key in inside:
        role = template.functions()[key]["Role"]["Fn::GetAtt"][0]
        policies = template.resources[role]["Properties"]["ManagedPolicyArns"]
        assert {"Fn::If": ["IsInNetwork", {"Ref": "UseNetwork"}, {"Ref": "AWS::NoValue"}]} in policies, role


def test_a_database_without_a_network_is_reached_as_it_is() -> None:
    none = declared("serverless", "network", "none.yml")
    assert none == {"functions": False, "base": {}, "template": {}}
    assert compiled(**EXISTING).parameters["Network"]["AllowedValues"] == ["none", "existing", "endpoints", "nat"]


def test_the_created_database_is_private_encrypted_and_knows_vectors() -> None:
    template = compiled(**EVERYTHING)
    [cluster] = template.of("RDS::DBCluster").values()
    [instance] = template.of("RDS::DBInstance").values()
    assert cluster["Engine"] == "aurora-postgresql"
    assert tuple(map(int, cluster["EngineVersion"].split("."))) >= (17, 4)  # the first 17 with pgvector 0.8.0
    assert cluster["StorageEncrypted"] is True
    assert cluster["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in cluster
    assert instance["PubliclyAccessible"] is False
    [parameters] = template.of("RDS::DBClusterParameterGroup").values()
    assert parameters["Parameters"]["rds.force_ssl"] == "1"
    ingress = template.resources["DatabaseSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    assert [rule["SourceSecurityGroupId"] for rule in ingress] == [{"Ref": "FunctionsSecurityGroup"}]


def test_the_created_database_leaves_a_snapshot() -> None:
    cluster = compiled(**EVERYTHING).resources["DatabaseCluster"]
    assert cluster["DeletionPolicy"] == cluster["UpdateReplacePolicy"] == "Snapshot"


@pytest.mark.parametrize("params", [EXISTING, EVERYTHING], ids=["existing", "create"])
def test_both_roles_have_a_secret_with_a_password_that_nobody_chose(params: dict[str, str]) -> None:
    template = compiled(**params)
    made = {each["Name"]: each["GenerateSecretString"] for each in template.of("SecretsManager::Secret").values()}
    application, operations = "amplify-rag-async/dev/database", "amplify-rag-async/dev-operations-database"
    assert {name: json.loads(secret["SecretStringTemplate"])["username"] for name, secret in made.items()} == {
        application: Settings().rag_postgres_db_username,
        operations: Settings().rag_postgres_db_operations_username,
    }
    assert {secret["GenerateStringKey"] for secret in made.values()} == {"password"}
    for properties in database_users(template).values():
        assert variables(properties)["RAG_POSTGRES_DB_SECRET"] == application
        assert variables(properties)["RAG_POSTGRES_DB_SSLMODE"] == "verify-full"


def test_every_service_that_functions_call_has_a_way_out_of_the_network() -> None:
    template = compiled(**EVERYTHING)
    endpoints = {each["ServiceName"]["Fn::Sub"].split(".")[-1] for each in template.of("EC2::VPCEndpoint").values()}
    assert set(called_services(template)) - BY_LAMBDA == endpoints
    assert not template.of("EC2::InternetGateway")


def test_a_nat_replaces_the_endpoints_that_cost() -> None:
    template = compiled(**BEHIND_NAT)
    assert {each["VpcEndpointType"] for each in template.of("EC2::VPCEndpoint").values()} == {"Gateway"}
    assert len(template.of("EC2::NatGateway")) == 1
    routes = [each for each in template.of("EC2::Route").values() if "NatGatewayId" in each]
    assert [route["RouteTableId"] for route in routes] == [{"Ref": "PrivateRoutes"}]


def test_the_proxy_is_made_where_it_is_switched_on() -> None:
    template = compiled(**EVERYTHING)
    assert template.parameters["DatabaseAccess"]["Default"] == "proxy"
    proxies = ("DatabaseProxy", "DatabaseProxyTargets", "DatabaseProxyRole", "DatabaseProxyIngress")
    assert {template.resources[name]["Condition"] for name in proxies} == {"HasDatabaseProxy"}
    address = variables(template.functions()["text_rag_processor"])[ENDPOINT]
    assert address["Fn::If"][:2] == ["HasDatabaseProxy", {"Fn::GetAtt": ["DatabaseProxy", "Endpoint"]}]
    assert compiled(**BEHIND_NAT).parameters["DatabaseAccess"]["Default"] == "direct"
