"""A stage's triggers: the event source mappings by which queues start functions."""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cli.account import Account, answering
from cli.endpoints import STACK
from cli.errors import ServiceError
from core.flags import ENTRY, PARTS

#: What can be paused → the function whose triggers that are
FUNCTIONS = dict(zip(PARTS, ("async_document_processor", "text_rag_processor", "vdr_processor"), strict=True))
#: … and the queue of the stage by which they go
QUEUES = dict(zip(PARTS, ("document-index-queue", "text-rag-queue", "vdr-queue"), strict=True))
STEADY = ("Enabled", "Disabled")
LONGEST_SECONDS = 180.0  #: that a trigger may take to change
PAUSE_SECONDS = 1.0  #: between two looks


@dataclass(frozen=True)
class Trigger:
    """One event source mapping of a queue."""

    id: str
    function: str  #: its name
    queue: str  #: its ARN
    state: str  #: Enabled, Disabled, or on the way from one to the other

    @classmethod
    def of(cls, mapping: dict[str, Any]) -> "Trigger":
        """A mapping as Lambda describes it."""
        function = mapping["FunctionArn"].split(":function:")[1].split(":")[0]
        return cls(mapping["UUID"], function, mapping["EventSourceArn"], mapping["State"])

    @property
    def queue_name(self) -> str:
        return self.queue.rpartition(":")[2]


class Triggers:
    """Lambda's triggers in the account of a stage."""

    def __init__(self, account: Account) -> None:
        self.stage = account.stage
        self._stack = STACK.format(stage=account.stage)
        self._lambda = account.client("lambda")

    def function(self, part: str) -> str:
        """The deployed name of the function of a part."""
        return f"{self._stack}-{FUNCTIONS[part]}"

    def is_own(self, trigger: Trigger) -> bool:
        """Whether its function or its queue belongs to the stage."""
        return any(name.startswith(f"{self._stack}-") for name in (trigger.function, trigger.queue_name))

    def buckets(self) -> set[str]:
        """The buckets whose objects the entry processes."""
        function = self.function(ENTRY)
        with answering(function):
            described = self._lambda.get_function_configuration(FunctionName=function)
        return set(described["Environment"]["Variables"]["UPLOAD_BUCKETS"].split(","))

    def of(self, function: str) -> list[Trigger]:
        """The triggers of a function by queues; raises UnreachableError when there is no such function."""
        with answering(f"triggers of {function}"):
            self._lambda.get_function_configuration(FunctionName=function)  # or a wrong name has no triggers
            return self._listed(FunctionName=function)

    def resumable(self, part: str, paused: Collection[str]) -> list[str]:
        """Ids of what starts a part again: its triggers by the stage's own queue, and by others those of the paused.

        The queue of an older system that was given back in the meantime is left to the function that has it.
        """
        queue = f"{self._stack}-{QUEUES[part]}"
        found = self.of(self.function(part))
        return [each.id for each in found if each.queue_name == queue or (each.id in paused and not self._lost(each))]

    def _lost(self, trigger: Trigger) -> bool:
        """Whether another function takes from its queue."""
        with answering(f"triggers by {trigger.queue_name}"):
            takers = self._listed(EventSourceArn=trigger.queue)
        return any(each.function != trigger.function and each.state != "Disabled" for each in takers)

    def _listed(self, **by: str) -> list[Trigger]:
        pages = self._lambda.get_paginator("list_event_source_mappings").paginate(**by)
        found = [mapping for page in pages for mapping in page["EventSourceMappings"]]
        return [Trigger.of(mapping) for mapping in found if ":sqs:" in mapping["EventSourceArn"]]

    def find(self, trigger: str) -> Trigger | None:
        """A trigger by its id; None when it is gone."""
        with answering(f"trigger {trigger}"):
            try:
                return Trigger.of(self._lambda.get_event_source_mapping(UUID=trigger))
            except self._lambda.exceptions.ResourceNotFoundException:
                return None

    def create(self, like: Trigger, queue: str) -> Trigger:
        """Another trigger of the same function, with the same settings, disabled as yet, by another queue."""
        with answering(f"trigger of {like.function} by {queue}"):
            model = self._lambda.get_event_source_mapping(UUID=like.id)
            kept = ("BatchSize", "FunctionResponseTypes", "ScalingConfig", "MaximumBatchingWindowInSeconds")
            settings = {name: model[name] for name in kept if name in model}
            made = self._lambda.create_event_source_mapping(
                FunctionName=like.function, EventSourceArn=queue, Enabled=False, **settings
            )
        return self._once(made["UUID"], STEADY)

    def switch(self, triggers: Iterable[str], *, enabled: bool) -> list[Trigger]:
        """Enable or disable triggers by their ids and wait until they are; those that are gone are left out.

        A function that runs when its trigger is disabled runs to its end. Raises ServiceError when it takes too long.
        """
        wanted = "Enabled" if enabled else "Disabled"
        there = [trigger for trigger in triggers if self.find(trigger)]
        for trigger in there:
            if self._once(trigger, STEADY).state != wanted:
                with answering(f"trigger {trigger}"):
                    self._lambda.update_event_source_mapping(UUID=trigger, Enabled=enabled)
        return [self._once(trigger, (wanted,)) for trigger in there]

    def delete(self, trigger: str) -> None:
        """Remove a trigger; harmless when it is gone."""
        with answering(f"trigger {trigger}"):
            try:
                self._lambda.delete_event_source_mapping(UUID=trigger)
            except self._lambda.exceptions.ResourceNotFoundException:
                return

    def _once(self, trigger: str, states: Sequence[str]) -> Trigger:
        """The trigger once it is in one of these states."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < deadline:
            found = self.find(trigger)
            if found is not None and found.state in states:
                return found
            time.sleep(PAUSE_SECONDS)
        raise ServiceError(f"trigger {trigger} does not become {' or '.join(states)}: look at it in Lambda, try again")
