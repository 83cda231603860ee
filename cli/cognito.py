"""Log-in at the deployment's Cognito user pool; on the local stack the user is made on the way."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.endpoints import Endpoints
from cli.errors import CliError, NotLoggedInError, UnreachableError
from cli.session import Session

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef, AuthenticationResultTypeTypeDef

PATIENCE = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 2})
PUBLIC = PATIENCE.merge(Config(signature_version=UNSIGNED))


class NewPasswordNeededError(CliError):
    """The pool wants a new password before it gives out tokens, as after an invitation."""

    def __init__(self, challenge_session: str) -> None:
        super().__init__("this user must choose a new password")
        self.challenge_session = challenge_session


def create_local_user(endpoints: Endpoints, user: str, password: str, groups: Sequence[str] = ()) -> None:
    """Makes the user in the emulator's pool, or gives the one that is there this password; it joins the groups."""
    client = boto3.client(
        "cognito-idp",
        region_name=endpoints.region,
        endpoint_url=endpoints.aws,
        config=PATIENCE,
        aws_access_key_id="test",  # the emulator's well-known keys
        aws_secret_access_key="test",  # noqa: S106
    )
    pool = endpoints.user_pool_id
    attributes: list[AttributeTypeTypeDef] = [
        {"Name": "email", "Value": user},
        {"Name": "email_verified", "Value": "true"},
    ]
    try:
        with suppress(client.exceptions.UsernameExistsException):  # made by an earlier log-in
            client.admin_create_user(
                UserPoolId=pool, Username=user, UserAttributes=attributes, MessageAction="SUPPRESS"
            )
        client.admin_set_user_password(UserPoolId=pool, Username=user, Password=password, Permanent=True)
        for group in groups:
            with suppress(client.exceptions.GroupExistsException):
                client.create_group(UserPoolId=pool, GroupName=group)
            client.admin_add_user_to_group(UserPoolId=pool, Username=user, GroupName=group)
    except BotoCoreError as error:
        raise _unreachable(endpoints) from error
    except ClientError as error:
        raise CliError(f"cannot make the local user: {_message(error)}") from error


def log_in(endpoints: Endpoints, user: str, password: str) -> Session:
    """Tokens for a user; raises NotLoggedInError for a wrong password, NewPasswordNeededError after an invitation."""
    try:
        answer = _client(endpoints).initiate_auth(
            ClientId=endpoints.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user, "PASSWORD": password},
        )
    except BotoCoreError as error:
        raise _unreachable(endpoints) from error
    except ClientError as error:
        raise NotLoggedInError(f"cannot log in: {_message(error)}") from error
    if answer.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
        raise NewPasswordNeededError(answer["Session"])
    if "AuthenticationResult" not in answer:
        raise CliError(f"the pool asks for {answer.get('ChallengeName')}, which this command cannot answer")
    return _session(user, answer["AuthenticationResult"])


def choose_password(endpoints: Endpoints, user: str, password: str, challenge_session: str) -> Session:
    """Tokens for an invited user, who chooses the password now."""
    try:
        answer = _client(endpoints).respond_to_auth_challenge(
            ClientId=endpoints.client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=challenge_session,
            ChallengeResponses={"USERNAME": user, "NEW_PASSWORD": password},
        )
    except BotoCoreError as error:
        raise _unreachable(endpoints) from error
    except ClientError as error:
        raise NotLoggedInError(f"cannot set the password: {_message(error)}") from error
    return _session(user, answer["AuthenticationResult"])


def refresh(endpoints: Endpoints, session: Session) -> Session:
    """A new token in exchange for the refresh token; raises NotLoggedInError when that has ended too."""
    try:
        answer = _client(endpoints).initiate_auth(
            ClientId=endpoints.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": session.refresh_token},
        )
    except BotoCoreError as error:
        raise _unreachable(endpoints) from error
    except ClientError as error:
        raise NotLoggedInError("your log-in has ended: amplify-rag login") from error
    renewed = _session(session.user, answer["AuthenticationResult"])
    return Session(renewed.user, renewed.id_token, renewed.refresh_token or session.refresh_token, renewed.expires_at)


def _client(endpoints: Endpoints) -> "CognitoIdentityProviderClient":
    """The public half of Cognito, which needs no AWS credentials."""
    return boto3.client("cognito-idp", region_name=endpoints.region, endpoint_url=endpoints.aws or None, config=PUBLIC)


def _session(user: str, result: "AuthenticationResultTypeTypeDef") -> Session:
    expires_at = time.time() + result["ExpiresIn"]
    return Session(user, result["IdToken"], result.get("RefreshToken", ""), expires_at)


def _unreachable(endpoints: Endpoints) -> UnreachableError:
    return UnreachableError(f"cannot reach Cognito at {endpoints.aws or endpoints.region}")


def _message(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Message") or str(error)
