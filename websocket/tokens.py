"""Tokens: verifies the JSON Web Tokens of the user pool."""

from collections.abc import Mapping
from typing import Any

import jwt
from jwt import PyJWKClient
from jwt.exceptions import InvalidAudienceError, PyJWKClientConnectionError, PyJWTError

from core.errors import RagError, TransientError
from core.settings import Settings

ALGORITHMS = ["RS256"]  #: pinned: what the token itself names is not trusted
CLOCK_SKEW_SECONDS = 10
FETCH_SECONDS = 5
REFETCH_SECONDS = 10.0  #: least time between two looks for a key that is unknown; each look is a request
KEPT_SECONDS = 300.0  #: how long keys are kept: as long may one be used that the issuer has withdrawn


class TokenError(RagError):
    """The token proves nothing; the message is the kind of flaw and holds nothing of the token."""


class TokenVerifier:
    """Verifies tokens against the issuer's published keys, which are kept and refetched after a rotation."""

    def __init__(
        self, settings: Settings, refetch_seconds: float = REFETCH_SECONDS, kept_seconds: float = KEPT_SECONDS
    ) -> None:
        self._issuer = settings.need("jwt_issuer")
        self._audience = settings.need("jwt_audience")
        url = settings.need("jwks_url")
        self._keys = PyJWKClient(url, timeout=FETCH_SECONDS, cooldown_duration=refetch_seconds, lifespan=kept_seconds)

    def verify(self, token: str) -> Mapping[str, Any]:
        """The claims of an ID or access token made by the issuer for the audience, and not expired.

        Raises TokenError, or TransientError when the issuer's keys can't be fetched.
        """
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self._issuer,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iss", "sub"], "verify_aud": False},
            )
            self._check_audience(claims)
        except PyJWKClientConnectionError as error:
            raise TransientError("the issuer's keys cannot be fetched") from error
        except PyJWTError as error:
            raise TokenError(type(error).__name__) from error
        return claims

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        """An ID token names the client in ``aud``, an access token of Cognito in ``client_id``."""
        named = claims.get("client_id") if claims.get("token_use") == "access" else claims.get("aud")
        if self._audience not in (named if isinstance(named, list) else [named]):
            raise InvalidAudienceError
