"""Lambda: whether the caller uses this system or the one before it (``GET /v2/rollout``)."""

from typing import Any

from api.rollout_models import RolloutResponse
from core import aws, http, logs
from core import rollout as rollouts
from core.flags import ENTRY
from core.rollout import User


def rollout(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler; answers with the HTTP response."""
    try:
        http.caller(event)
        return http.answer(200, _response(event["requestContext"]["authorizer"]["jwt"]["claims"]))
    except http.HttpError as error:
        return http.refusal(event, error)
    except Exception:  # noqa: BLE001  the HTTP edge: the caller must not see what happened inside
        logs.error("Request failed")
        return http.refusal(event, http.HttpError(503, "unavailable", "The service is unavailable; try again."))


def _response(claims: dict[str, str]) -> dict[str, Any]:
    flags, user = aws.flags()(), User(claims["sub"], claims.get("email", ""))
    choice = rollouts.choose(flags.rollout, user, paused=ENTRY in flags.paused)
    return RolloutResponse.of(flags.rollout, user, choice).model_dump(by_alias=True)
