"""The stream poller: ministack's look at the streams of tables, made to deliver as ``local/streams.py`` does.

By itself ministack delivers one batch at a time, for all streams together, looks at no queue meanwhile, and takes no
notice of what a function reports as not done. A push that takes long would hold up all others, and all work.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from ministack.core.arn import parse_arn
from ministack.core.concurrency import esm_wake, spawn_background
from ministack.core.responses import _request_account_id, _request_region
from ministack.services import dynamodb, lambda_svc

from local.streams import Deliveries, Result

READ_AT_ONCE = 1000  #: records, as many as DynamoDB gives
#: Under way at a time of one mapping: each but the first takes one more process, whose start takes a small machine long
BATCHES = max(1, (os.cpu_count() or 1) // 2)


class StreamPoller:
    """Takes new records from streams and begins to deliver them.

    It knows only what came since it was made: neither does ministack keep the records when it ends. What was not
    delivered by then is lost; subscribers ask for it by ``after``.
    """

    def __init__(self) -> None:
        self._deliveries: dict[str, Deliveries] = {}  # id of a mapping → what is on its way
        self._positions: dict[str, int] = {}  # id of a mapping → where in its stream to read on

    def poll(self) -> bool:
        """Begin every delivery that is due; whether there was any."""
        began = False
        for account, region, mapping in lambda_svc._iter_all_esms():
            if "/stream/" not in mapping["EventSourceArn"] or not mapping["Enabled"]:
                continue
            with _scope(account, region):
                self._read(mapping)
                for deliver in self._deliveries[mapping["UUID"]].due():
                    spawn_background(_then_wake, deliver, thread_name="stream")
                    began = True
        return began

    def _read(self, mapping: Mapping[str, Any]) -> None:
        """Take in what has come to a mapping's stream since the last look."""
        name = mapping["UUID"]
        if name not in self._deliveries:
            self._deliveries[name] = Deliveries(mapping, partial(_invoke, mapping), BATCHES)
        table, _label = lambda_svc._dynamodb_stream_table_from_arn_spec(parse_arn(mapping["EventSourceArn"]))
        if dynamodb._tables.get(table, {}).get("LatestStreamArn") != mapping["EventSourceArn"]:
            return  # the stream was switched off since
        position = max(self._positions.get(name, 0), dynamodb.stream_start_position(table))
        records = dynamodb.stream_records_since(table, position, READ_AT_ONCE)
        self._positions[name] = position + len(records)
        self._deliveries[name].add(lambda_svc._apply_filter_criteria(records, mapping))


def _invoke(mapping: Mapping[str, Any], event: Mapping[str, Any]) -> Result:
    function, _settings = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
    result: Result = lambda_svc._execute_function(function, event) if function else {"error": True}
    return result


def _then_wake(work: Callable[[], None]) -> None:
    """Work, and have the poller look again after it."""
    try:
        work()
    finally:
        esm_wake.set()


@contextmanager
def _scope(account: str, region: str) -> Iterator[None]:
    """ministack's services answer for this account and region."""
    tokens = _request_account_id.set(account), _request_region.set(region)
    try:
        yield
    finally:
        _request_region.reset(tokens[1])
        _request_account_id.reset(tokens[0])
