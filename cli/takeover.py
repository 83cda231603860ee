"""Taking the queue of an older system over from its function, and giving it back."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cli.account import Account, answering
from cli.errors import CliError
from cli.triggers import Trigger, Triggers
from core.flags import ENTRY

PARAMETER = "/amplify/{stage}/rag/takeover"
_BUCKET_ARN = re.compile(r'"arn:[a-z-]+:s3:[^:]*:[^:]*:([^"]+)"')  #: in a policy, where only senders have one


@dataclass(frozen=True, kw_only=True)
class Takeover:
    """What was found before anything was changed, so that it can be restored."""

    function: str  #: the older one
    queue: str  #: its ARN
    trigger: str  #: the older function's, by that queue
    was_enabled: bool
    own: str = ""  #: a trigger of ours by that queue that was there already
    own_was_enabled: bool = False


class Record:
    """Where a stage keeps what it has taken over."""

    def __init__(self, account: Account) -> None:
        self.name = PARAMETER.format(stage=account.stage)
        self._ssm = account.client("ssm")

    def read(self) -> Takeover | None:
        """What is taken over; None when nothing is."""
        with answering(f"parameter {self.name}"):
            try:
                return Takeover(**json.loads(self._ssm.get_parameter(Name=self.name)["Parameter"]["Value"]))
            except self._ssm.exceptions.ParameterNotFound:
                return None

    def write(self, takeover: Takeover) -> None:
        """Keep it; raises CliError when somebody else has just taken something over."""
        with answering(f"parameter {self.name}"):
            try:
                self._ssm.put_parameter(Name=self.name, Value=json.dumps(asdict(takeover)), Type="String")
            except self._ssm.exceptions.ParameterAlreadyExists as error:
                raise CliError(f"{self.name} is there already: another take-over runs, or has run") from error

    def remove(self) -> None:
        with answering(f"parameter {self.name}"):
            self._ssm.delete_parameter(Name=self.name)


def plan(triggers: Triggers, function: str, queue: str | None) -> Takeover:
    """What taking a queue over from a function would change; raises CliError unless it is clear which queue it is."""
    older = [each for each in triggers.of(function) if queue in {None, each.queue, each.queue_name}]
    if not older:
        raise CliError(f"{function} has no trigger by {queue or 'a queue'}")
    if any(map(triggers.is_own, older)):
        raise CliError(f"{function} or its queue belongs to stage {triggers.stage} itself: nothing to take over")
    if len(older) > 1:
        raise CliError(f"{function} has several queues, choose one by --queue: {_names(older)}")
    [chosen] = older
    own = next((each for each in triggers.of(triggers.function(ENTRY)) if each.queue == chosen.queue), None)
    return Takeover(
        function=function,
        queue=chosen.queue,
        trigger=chosen.id,
        was_enabled=chosen.state != "Disabled",
        own=own.id if own else "",
        own_was_enabled=own is not None and own.state != "Disabled",
    )


def require_buckets(account: Account, triggers: Triggers, queue: str, named: Sequence[str]) -> None:
    """Raises CliError unless the entry processes what the queue announces: of other buckets it drops messages.

    The buckets are those that the queue's policy lets send, unless they are named.
    """
    announced = set(named) or _senders(account, queue)
    if not announced:
        raise CliError("the queue's policy does not say which buckets send to it: name them by --bucket")
    if missing := sorted(announced - triggers.buckets()):
        raise CliError(
            f"stage {account.stage} does not process uploads to {', '.join(missing)}: deploy it with LEGACY_QUEUE and "
            "LEGACY_BUCKET first"
        )


def _senders(account: Account, queue: str) -> set[str]:
    sqs, (owner, name) = account.client("sqs"), queue.split(":")[-2:]
    with answering(f"queue {name}"):
        url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=owner)["QueueUrl"]
        policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy")
    sources = _BUCKET_ARN.findall(policy or "")
    return set() if any("*" in source for source in sources) else set(sources)


def take(triggers: Triggers, record: Record, wanted: Takeover, *, dry_run: bool = False) -> None:
    """Disable the older function's trigger, then enable ours by the same queue. May be repeated after a failure.

    Between the two, messages wait. Ours is made beforehand, disabled: if that is refused, nothing has changed.
    Raises CliError when another queue is taken over; a dry run finds out just that.
    """
    known = record.read()
    if known is not None and (known.function, known.queue) != (wanted.function, wanted.queue):
        raise CliError(f"{known.queue} is taken over from {known.function}: give it back first")
    if dry_run:
        return
    if known is None:
        record.write(wanted)
    try:
        own = _own(triggers, wanted.queue) or triggers.create(_model(triggers, wanted.queue), wanted.queue)
    except CliError:
        if known is None:
            record.remove()
        raise
    triggers.switch([wanted.trigger], enabled=False)
    triggers.switch([own.id], enabled=True)


def give_back(triggers: Triggers, record: Record, *, dry_run: bool = False) -> Takeover:
    """Restore what was before the take-over, in the reverse order, unless the run is dry; what that is.

    Raises CliError when nothing is taken over, or its trigger is gone.
    """
    known = record.read()
    if known is None:
        raise CliError(f"stage {triggers.stage} has taken nothing over")
    if triggers.find(known.trigger) is None:
        raise CliError(f"trigger {known.trigger} of {known.function} is gone: make it again, then remove {record.name}")
    if dry_run:
        return known
    own = _own(triggers, known.queue)
    if own is not None and not known.own_was_enabled:
        triggers.switch([own.id], enabled=False)
    triggers.switch([known.trigger], enabled=known.was_enabled)
    if own is not None and not known.own:
        triggers.delete(own.id)
    record.remove()
    return known


def described(takeover: Takeover | None) -> dict[str, Any] | None:
    """A take-over for programs."""
    return None if takeover is None else asdict(takeover)


def _own(triggers: Triggers, queue: str) -> Trigger | None:
    return next((each for each in triggers.of(triggers.function(ENTRY)) if each.queue == queue), None)


def _model(triggers: Triggers, queue: str) -> Trigger:
    """The entry's trigger by the stage's own queue, whose settings a new one takes over."""
    found = [each for each in triggers.of(triggers.function(ENTRY)) if each.queue != queue]
    if not found:
        raise CliError(f"{triggers.function(ENTRY)} has no trigger of its own: deploy the stage first")
    return found[0]


def _names(triggers: Sequence[Trigger]) -> str:
    return ", ".join(each.queue_name for each in triggers)
