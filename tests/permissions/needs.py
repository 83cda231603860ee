"""What each place in the code that calls AWS needs, as an action and a resource by its logical id."""

from tests.permissions.grants import Grant

OWN_QUEUE, SECRET, FUNCTION = "own-queue", "secret", "function"  #: named by events and settings of a function
_SEND = "sqs:SendMessage TextRagProcessingQueue, sqs:SendMessage VdrProcessingQueue"
_WAITING = "sqs:GetQueueAttributes TextRagProcessingQueue, sqs:GetQueueAttributes VdrProcessingQueue"
# ListBucket: without it an object that is missing reads as forbidden
_READ_UPLOAD = "s3:GetObject UploadsBucket/*, s3:ListBucket UploadsBucket"
_STREAM = "DocumentStatusTable.StreamArn"
_DEAD_LETTERS = ("RagDocumentIndexDeadLetterQueue", "TextRagDeadLetterQueue", "VdrDeadLetterQueue")


def _dead(action: str) -> str:
    return ", ".join(f"{action} {queue}" for queue in _DEAD_LETTERS)


#: Place in the code (``module.function``) → what it needs
OF_CALLS = {
    "api.upload_forms.sign": "s3:PutObject UploadsBucket/*",  # forms carry the rights of who signs them, links too
    "core.aws.invoke_json": f"lambda:InvokeFunction {FUNCTION}",
    "core.aws.secret_field": f"secretsmanager:GetSecretValue {SECRET}",
    "core.blobs._delete": "s3:DeleteObject DerivedBucket/*",
    "core.blobs._delete_version": "s3:DeleteObject UploadsBucket/*, s3:DeleteObjectVersion UploadsBucket/*, "
    + _READ_UPLOAD,  # a deletion on a condition reads what it is about
    "core.blobs._derived_keys": "s3:ListBucket DerivedBucket",
    "core.blobs._get": _READ_UPLOAD,
    "core.blobs._versions": "s3:ListBucketVersions UploadsBucket",
    "core.blobs.derived_url": "s3:GetObject DerivedBucket/*",
    "core.blobs.download_derived": "s3:GetObject DerivedBucket/*, s3:ListBucket DerivedBucket",
    "core.blobs.head": _READ_UPLOAD,
    "core.blobs.put_derived": "s3:PutObject DerivedBucket/*, s3:PutObjectTagging DerivedBucket/*",
    "core.flags._read": "ssm:GetParameter parameterFlagsParameter",
    "core.cost.ledger._entries": "dynamodb:Query UsageTable",
    "core.cost.ledger.of_all": "dynamodb:Scan UsageTable",
    "core.cost.ledger.record": "dynamodb:UpdateItem UsageTable",
    "core.part_table._items": "dynamodb:Query DocumentPartsTable",
    "core.part_table.record": "dynamodb:GetItem DocumentPartsTable",
    "core.part_table._update": "dynamodb:UpdateItem DocumentPartsTable",
    "core.part_table.delete": "dynamodb:BatchWriteItem DocumentPartsTable",
    "core.part_table.keep": "dynamodb:PutItem DocumentPartsTable",
    "core.part_table.plan": "dynamodb:GetItem DocumentPartsTable",
    "core.queues._look_up": f"sqs:GetQueueUrl {OWN_QUEUE}",
    "core.queues._send_batch": _SEND,
    "core.queues.lay_to_rest": "sqs:SendMessage TextRagDeadLetterQueue, sqs:SendMessage VdrDeadLetterQueue",
    "core.queues.lay_upload_to_rest": "sqs:SendMessage RagDocumentIndexDeadLetterQueue",
    "core.queues.announce_again": "sqs:SendMessage RagDocumentIndexQueue",
    "core.queues.postpone": f"sqs:ChangeMessageVisibility {OWN_QUEUE}",
    "core.queues.waiting": _WAITING,
    "core.socket_client.delete_connection": "execute-api:ManageConnections WebsocketsApi/dev/*/@connections/*",
    "core.status_history._items": "dynamodb:Query DocumentAuditTable",
    "core.status_history.delete": "dynamodb:DeleteItem DocumentAuditTable",
    "core.status_history.last": "dynamodb:Query DocumentAuditTable",
    "core.status_list._documents": "dynamodb:Query DocumentStatusTable/index/UserIndex",
    "core.status_running._unchanged_since": "dynamodb:Scan DocumentStatusTable/index/RunningIndex",
    "core.status_running.count": "dynamodb:Query DocumentStatusTable/index/RunningIndex",
    "core.status_table._write": "dynamodb:PutItem DocumentStatusTable, dynamodb:PutItem DocumentAuditTable",
    "core.status_table.delete": "dynamodb:DeleteItem DocumentStatusTable",
    "core.status_table.get": "dynamodb:GetItem DocumentStatusTable",
    "core.status_table.status_id": "dynamodb:Query DocumentStatusTable/index/DocumentIndex",
    "core.usage_quotas.used": "dynamodb:GetItem UsageTable",
    "core.usage_rates._add": "dynamodb:UpdateItem UsageTable",
    "operations.dead_letters._are_elsewhere": _dead("sqs:GetQueueAttributes"),
    "operations.dead_letters._receive": _dead("sqs:ReceiveMessage"),
    "operations.dead_letters._show": _dead("sqs:ChangeMessageVisibility"),
    "operations.dead_letters.remove": _dead("sqs:DeleteMessage"),
    "operations.inventory._scan": "dynamodb:Scan DocumentStatusTable, dynamodb:Scan DocumentAuditTable,"
    " dynamodb:Scan DocumentPartsTable, dynamodb:Scan WebSocketConnectionsTable",
    "operations.inventory.derived": "s3:ListBucket DerivedBucket",
    "operations.inventory.derived_documents": "s3:ListBucket DerivedBucket",
    "operations.inventory.derived_names": "s3:ListBucket DerivedBucket",
    "operations.inventory.uploads": "s3:ListBucket UploadsBucket",
    "vdr.model_source._copy": "s3:GetObject PageModelBucket/*, s3:ListBucket PageModelBucket",
    "websocket.connections._counted": "dynamodb:UpdateItem WebSocketConnectionsTable",
    "websocket.connections._open_sockets": "dynamodb:Query WebSocketConnectionsTable",
    "websocket.connections._write": "dynamodb:BatchWriteItem WebSocketConnectionsTable",
    "websocket.connections.close": "dynamodb:DeleteItem WebSocketConnectionsTable",
    "websocket.connections.get": "dynamodb:GetItem WebSocketConnectionsTable",
    "websocket.connections.open": "dynamodb:PutItem WebSocketConnectionsTable",
    "websocket.connections.subscribe": "dynamodb:UpdateItem WebSocketConnectionsTable",
    "websocket.connections.subscribers": "dynamodb:Query WebSocketConnectionsTable",
    "websocket.connections.unsubscribe": "dynamodb:UpdateItem WebSocketConnectionsTable",
}
#: Kind of event → what Lambda itself does with the function's role to fetch it
OF_EVENTS = {
    "sqs": f"sqs:ReceiveMessage {OWN_QUEUE}, sqs:DeleteMessage {OWN_QUEUE}, sqs:GetQueueAttributes {OWN_QUEUE}",
    "stream": f"dynamodb:DescribeStream {_STREAM}, dynamodb:GetRecords {_STREAM}, dynamodb:GetShardIterator {_STREAM},"
    " dynamodb:ListStreams *",
}
#: Action on an object → what it takes where objects are encrypted with a key of one's own
OF_KEY = {"s3:GetObject": "kms:Decrypt KmsKey", "s3:PutObject": "kms:GenerateDataKey KmsKey"}
#: What every role may do besides, where it is switched on
OF_ALL = "xray:PutTraceSegments *, xray:PutTelemetryRecords *"


def parsed(needs: str) -> set[Grant]:
    """The grants that a line of these tables stands for."""
    return {Grant(*need.split()) for need in needs.split(", ")}
