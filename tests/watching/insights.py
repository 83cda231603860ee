"""The part of CloudWatch Logs Insights' language that the saved queries use, over captured log lines.

By "CloudWatch Logs Insights language query syntax" in the CloudWatch Logs guide: ``@message`` is the whole line, the
fields of a JSON line are discovered, and an aggregate passes over lines that lack its field.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from statistics import mean
from typing import Any

Record = dict[str, Any]

AGGREGATES: dict[str, Callable[[Sequence[Any]], Any]] = {"count": len, "avg": mean, "max": max}
CALL = re.compile(r"(?P<function>\w+)\((?P<field>[\w@*]+)\)(?: as (?P<name>\w+))?")
CONDITION = re.compile(r'(?P<field>[\w@]+) (?:like /(?P<pattern>.+)/|= "(?P<value>.*)")')


def run(query: str, lines: Iterable[str]) -> list[Record]:
    """What a query finds among log lines; raises ValueError for what this language has not."""
    records = [{"@timestamp": number, "@message": line} | json.loads(line) for number, line in enumerate(lines)]
    for command in query.split("\n| "):
        name, _space, rest = command.partition(" ")
        if name not in COMMANDS:
            raise ValueError(f"unknown command {name}")
        records = COMMANDS[name](records, rest)
    return records


def _fields(records: list[Record], names: str) -> list[Record]:
    return records  # what is shown; what follows may use other fields too


def _filter(records: list[Record], conditions: str) -> list[Record]:
    for condition in conditions.split(" and "):
        found = _match(CONDITION, condition)
        field, pattern, value = found["field"], found["pattern"], found["value"]
        if pattern is None:
            records = [record for record in records if record.get(field) == value]
        else:
            records = [record for record in records if re.search(pattern, str(record.get(field, "")))]
    return records


def _sort(records: list[Record], order: str) -> list[Record]:
    field, _space, direction = order.partition(" ")
    return sorted(records, key=lambda record: record[field], reverse=direction == "desc")


def _limit(records: list[Record], count: str) -> list[Record]:
    return records[: int(count)]


def _stats(records: list[Record], text: str) -> list[Record]:
    calls, _by, names = text.partition(" by ")
    groups = names.split(", ")

    def key(record: Record) -> tuple[str, ...]:
        return tuple(str(record.get(name)) for name in groups)

    return [
        dict(zip(groups, values, strict=True)) | _aggregates(calls, list(members))
        for values, members in groupby(sorted(records, key=key), key)
    ]


def _aggregates(calls: str, members: list[Record]) -> Record:
    found = {}
    for call in calls.split(", "):
        parsed = _match(CALL, call)
        field = parsed["field"]
        values = members if field == "*" else [member[field] for member in members if field in member]
        found[parsed["name"] or call] = AGGREGATES[parsed["function"]](values)
    return found


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(f"not understood: {text}")
    return found


COMMANDS: dict[str, Callable[[list[Record], str], list[Record]]] = {
    "fields": _fields,
    "filter": _filter,
    "sort": _sort,
    "limit": _limit,
    "stats": _stats,
}
