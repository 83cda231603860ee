"""What ``GET /v2/rollout`` answers."""

from typing import Annotated, Self

from pydantic import Field

from api.models import Shape
from core.rollout import Choice, Reason, Rollout, Rule, Use, User


class RolloutRule(Shape):
    """Where documents go that fit it in every respect; `*` in a pattern stands for anything, case does not count."""

    use: Use
    name: Annotated[str, Field(examples=["*.pptx"])]
    content_type: Annotated[str, Field(examples=["image/*"])]
    larger_than_mb: Annotated[float, Field(examples=[5])]

    @classmethod
    def of(cls, rule: Rule) -> Self:
        return cls.model_validate(vars(rule))


class CallersRollout(Shape):
    """How far the rollout is, as it concerns the caller; `choose` of `web/rollout.ts` takes it."""

    paused: Annotated[bool, Field(description="Nothing new is taken in just now")]
    percentage: Annotated[float, Field(description="Of users", examples=[10])]
    users: Annotated[list[str], Field(description="The caller, if listed")]
    rules: Annotated[list[RolloutRule], Field(description="The first that fits a document decides")]


class RolloutResponse(Shape):
    """Which system the caller's documents go to in general, and what decides for one document."""

    use: Use
    reason: Reason
    bucket: Annotated[int, Field(description="The caller's own, 0 to 9999: hundredths of a percent", examples=[3721])]
    rollout: CallersRollout

    @classmethod
    def of(cls, rollout: Rollout, user: User, choice: Choice) -> Self:
        """The answer to a user; of the others who are listed it says nothing."""
        listed = [user.id] if choice.reason == "listed" else []
        rules = [RolloutRule.of(rule) for rule in rollout.rules]
        paused = choice.reason == "paused"
        shown = CallersRollout(paused=paused, percentage=rollout.percentage, users=listed, rules=rules)
        return cls(use=choice.use, reason=choice.reason, bucket=choice.bucket, rollout=shown)
