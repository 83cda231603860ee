"""The part table: the plan of each version, and which worker has which part for how long, in DynamoDB.

An item a plan, and one for every part that a worker has begun or handed over. They go when the document does, else
after a month.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core import paged_query
from core.errors import TransientError
from core.jobs import Job, JobSchemaError
from core.outages import outage
from core.plans import PartRecord, Plan
from core.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT_SECONDS = 30 * 24 * 3600
DELETED_AT_ONCE = 25  #: as many as DynamoDB takes
PLAN = "plan"


class PartTable:
    """Plans and parts; safe to share between threads, as the client is.

    Every method raises TransientError when DynamoDB is unavailable.
    """

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self._client = client
        self._table = settings.need("document_parts_table")

    def keep(self, plan: Plan) -> Plan:
        """Keep a version's plan unless it has one already; answers the one it has."""
        item = {
            **_plan_key(plan.first.document_id, plan.first.generation),
            "plan": {"B": plan.to_bytes()},
            "ttl": _expiry(),
        }
        with outage():
            try:
                self._client.put_item(
                    TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(documentId)"
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return self.plan(plan.first.document_id, plan.first.generation) or plan
        return plan

    def plan(self, document_id: str, generation: int) -> Plan | None:
        """The plan of a version; None where there is none, or one of a release whose jobs are not understood now."""
        key = _plan_key(document_id, generation)
        with outage():
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        with suppress(JobSchemaError):
            return Plan.from_bytes(answer["Item"]["plan"]["B"]) if "Item" in answer else None
        return None

    def register(self, parent: Job, jobs: Sequence[Job]) -> PartRecord:
        """Remember jobs, of consecutive numbers, that a part's worker hands over, as no plan has them; its record."""
        for job in jobs:
            self._update(job, "SET job = if_not_exists(job, :job), #ttl = :ttl", {":job": {"S": job.to_json()}})
        values = {":first": _number(jobs[0].part), ":count": _number(len(jobs))}
        return self._update(parent, "SET firstChild = :first, children = :count, #ttl = :ttl", values)

    def claim(self, job: Job, holder: str, seconds: float) -> PartRecord:
        """Take a part for so long; its record, which names another holder while a worker that is alive has it.

        A part that is done already is not taken; its record says so. It also says who lost the part, as a worker does
        that falls silent.
        """
        now = time.time()
        values = {":holder": {"S": holder}, ":until": _number(now + seconds), ":one": _number(1)}
        values |= {":nobody": {"S": ""}, ":never": _number(0)}
        try:
            return self._update(
                job,
                "SET lostHolder = if_not_exists(holder, :nobody), lostFrom = if_not_exists(claimedAt, :never), "
                "lostUntil = if_not_exists(leaseUntil, :never), "
                "holder = :holder, claimedAt = :now, leaseUntil = :until, #ttl = :ttl REMOVE againAt ADD claims :one",
                {**values, ":now": _number(now)},
                condition="attribute_not_exists(done) AND (attribute_not_exists(leaseUntil) OR leaseUntil < :now)",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            record = self.record(job, job.part)
            if record is None:  # deleted in this very moment
                raise TransientError("the part's record is gone") from error
            return record

    def renew(self, job: Job, holder: str, seconds: float) -> bool:
        """Go on having a part for so long from now; False when another worker has taken it meanwhile."""
        return self._held(job, holder, "SET leaseUntil = :until", {":until": _number(time.time() + seconds)})

    def release(self, job: Job, holder: str, *, again_at: float = 0.0, excused: bool = False) -> None:
        """Give a part back unfinished, so that the next delivery need not wait.

        ``again_at``: when that should be. ``excused``: this try does not count.
        """
        changes = "SET againAt = :at REMOVE leaseUntil, holder" + (" ADD claims :back" if excused else "")
        self._held(job, holder, changes, {":at": _number(again_at)} | ({":back": _number(-1)} if excused else {}))

    def done(self, job: Job) -> None:
        """Remember that a part is finished and needs nobody any more."""
        self._update(job, "SET done = :true, #ttl = :ttl REMOVE leaseUntil, holder", {":true": {"BOOL": True}})

    def count_resent(self, job: Job) -> int:
        """Remember that a job was sent again because it seemed lost; how often that has happened."""
        return self._update(job, "SET #ttl = :ttl ADD resent :one", {":one": _number(1)}).resent

    def count_handed_on(self, job: Job) -> int:
        """Remember that a worker's time was too short for a part, which is no failure; how often that has happened."""
        values = {":one": _number(1), ":none": _number(0)}
        return self._update(job, "SET #ttl = :ttl, claims = :none ADD handedOn :one", values).handed_on

    def forgive(self, job: Job) -> None:
        """Forget how often a part has failed, as it is to be tried anew."""
        changes = "SET #ttl = :ttl, claims = :none, resent = :none, handedOn = :none REMOVE againAt"
        self._update(job, changes, {":none": _number(0)})

    def record(self, job: Job, part: int) -> PartRecord | None:
        """What is known of a part of the job's version; None where no worker has begun it or handed it over."""
        with outage():
            answer = self._client.get_item(
                TableName=self._table, Key=_key(replace(job, part=part)), ConsistentRead=True
            )
        return _record(answer["Item"]) if "Item" in answer else None

    def children(self, job: Job, parent: PartRecord) -> dict[int, PartRecord]:
        """The parts that a part's worker has handed over, by number; the job is any of their version."""
        if not parent.children:
            return {}
        first, last = (_part_name(job.generation, number) for number in (parent.children[0], parent.children[-1]))
        return {record.part: record for record in map(_record, self._items(job.document_id, (first, last)))}

    def records(self, document_id: str, generation: int) -> dict[int, PartRecord]:
        """The parts of a version that workers have begun or handed over, by number."""
        items = self._items(document_id, _generation_names(generation))
        found = [_record(item) for item in items if not item["part"]["S"].endswith(PLAN)]
        return {record.part: record for record in found}

    def delete(self, document_id: str) -> int:
        """Forget all of a document's plans and parts; how many items went."""
        keys = [{name: item[name] for name in ("documentId", "part")} for item in self._items(document_id)]
        waiting: list[Any] = [{"DeleteRequest": {"Key": key}} for key in keys]
        while waiting:
            batch, waiting = waiting[:DELETED_AT_ONCE], waiting[DELETED_AT_ONCE:]
            with outage():
                answer = self._client.batch_write_item(RequestItems={self._table: batch})
            waiting += answer["UnprocessedItems"].get(self._table, [])
        return len(keys)

    def _update(self, job: Job, expression: str, values: Mapping[str, Any], condition: str | None = None) -> PartRecord:
        named = {"ExpressionAttributeNames": {"#ttl": "ttl"}} if "#ttl" in expression else {}
        known = dict(values) | ({":ttl": _expiry()} if named else {})
        with outage():
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(job),
                UpdateExpression=expression,
                ExpressionAttributeValues=known,
                ReturnValues="ALL_NEW",
                **named,  # type: ignore[arg-type]
                **({"ConditionExpression": condition} if condition else {}),  # type: ignore[arg-type]
            )
        return _record(answer["Attributes"])

    def _held(self, job: Job, holder: str, expression: str, values: Mapping[str, Any]) -> bool:
        try:
            self._update(job, expression, {**values, ":holder": {"S": holder}}, condition="holder = :holder")
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _items(self, document_id: str, names: tuple[str, str] | None = None) -> Iterator[Mapping[str, Any]]:
        """A document's items, or those whose names lie from the first to the second of ``names``."""
        values: dict[str, Any] = {":id": {"S": document_id}}
        condition = "documentId = :id"
        if names:
            condition += " AND part BETWEEN :first AND :last"
            values |= {":first": {"S": names[0]}, ":last": {"S": names[1]}}
        query: dict[str, Any] = {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        return paged_query.items(self._client, query)


def _key(job: Job) -> dict[str, Any]:
    return {"documentId": {"S": job.document_id}, "part": {"S": _part_name(job.generation, job.part)}}


def _plan_key(document_id: str, generation: int) -> dict[str, Any]:
    return {"documentId": {"S": document_id}, "part": {"S": f"{generation:010}/{PLAN}"}}


def _part_name(generation: int, part: int) -> str:
    return f"{generation:010}/{part:06}"


def _generation_names(generation: int) -> tuple[str, str]:
    return f"{generation:010}/", f"{generation:010}/~"


def _record(item: Mapping[str, Any]) -> PartRecord:
    first_child, children = (int(item.get(name, {}).get("N", 0)) for name in ("firstChild", "children"))
    return PartRecord(
        part=int(item["part"]["S"].rpartition("/")[2]),
        done="done" in item,
        holder=item.get("holder", {}).get("S", ""),
        lease_until=float(item.get("leaseUntil", {}).get("N", 0)),
        claims=int(item.get("claims", {}).get("N", 0)),
        resent=int(item.get("resent", {}).get("N", 0)),
        handed_on=int(item.get("handedOn", {}).get("N", 0)),
        again_at=float(item.get("againAt", {}).get("N", 0)),
        children=range(first_child, first_child + children),
        job=_job(item["job"]["S"]) if "job" in item else None,
        lost_holder=item.get("lostHolder", {}).get("S", ""),
        lost_from=float(item.get("lostFrom", {}).get("N", 0)),
        lost_until=float(item.get("lostUntil", {}).get("N", 0)),
    )


def _job(text: str) -> Job | None:
    with suppress(JobSchemaError):
        return Job.from_json(text)
    return None


def _number(value: float) -> dict[str, str]:
    return {"N": str(round(value, 3))}


def _expiry() -> dict[str, str]:
    return _number(int(time.time()) + KEPT_SECONDS)
