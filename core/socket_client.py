"""The client of API Gateway's ``@connections``: boto3's, with a shorter way for messages.

A change of state goes to every socket that watches it, one call each, so this call is made more often than all others
together. It is signed by botocore (SigV4) and sent by botocore's HTTP library, and leaves out what botocore does around
that; answers and errors are the same. `benchmarks/push.py` compares the two.
"""

from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, urlsplit

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ReadTimeoutError

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

CONNECT_SECONDS, READ_SECONDS = 1, 3
CONNECTIONS = 32  #: that are kept open to API Gateway
OPERATION = "PostToConnection"
CODES = {410: "GoneException", 429: "LimitExceededException"}  #: of answers that name none


class SocketClient:
    """Posts to sockets and closes them; safe to share between threads."""

    def __init__(self, client: "ApiGatewayManagementApiClient", session: "Session") -> None:
        """The boto3 client says where to, the session as whom; its credentials are renewed when they end."""
        self._client = client
        self._session = session
        endpoint = urlsplit(client.meta.endpoint_url)
        self._origin, self._path = f"{endpoint.scheme}://{endpoint.netloc}", endpoint.path.rstrip("/")
        self._http = urllib3.connection_from_url(
            self._origin,
            maxsize=CONNECTIONS,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            retries=urllib3.Retry(0, redirect=False),
        )

    @property
    def exceptions(self) -> Any:
        """The classes of errors, as of the boto3 client."""
        return self._client.exceptions

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> None:  # noqa: N803  boto3's names
        """Send a message. Raises what boto3 raises: GoneException, LimitExceededException, other ClientErrors, or a
        BotoCoreError when there is no answer; it does not try again."""
        path = f"{self._path}/@connections/{quote(ConnectionId, safe='')}"
        try:
            answer = self._http.urlopen("POST", path, body=Data, headers=self._signed(path, Data))
        except urllib3.exceptions.TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=self._origin, error=error) from error
        except urllib3.exceptions.HTTPError as error:
            raise EndpointConnectionError(endpoint_url=self._origin, error=error) from error
        if answer.status != 200:
            self._fail(answer)

    def delete_connection(self, *, ConnectionId: str) -> None:  # noqa: N803  boto3's names
        """End a connection. Raises as boto3 does."""
        self._client.delete_connection(ConnectionId=ConnectionId)

    def _signed(self, path: str, data: bytes) -> dict[str, str]:
        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        request = AWSRequest("POST", self._origin + path, data=data, headers={"Content-Type": "application/json"})
        SigV4Auth(credentials.get_frozen_credentials(), "execute-api", self._client.meta.region_name).add_auth(request)
        return dict(request.headers.items())

    def _fail(self, answer: "urllib3.BaseHTTPResponse") -> NoReturn:
        code = answer.headers.get("x-amzn-ErrorType", "").partition(":")[0] or CODES.get(answer.status, "Unknown")
        error: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": answer.status}}
        raise self.exceptions.from_code(code)(error, OPERATION)
