"""The intake: one message about uploads, around the entry that takes each of them in."""

from core import entry, logs, outcomes, tries
from core.aws import Services
from core.errors import DocumentError
from core.events import Message, note_failure, uploaded_objects


def run(message: Message, services: Services) -> None:
    """Take in the objects that a message names.

    A document's own fault is told to its owner and not repeated; what nobody wants is ignored. Anything else rises, so
    that the queue delivers the message again. An outage has all the deliveries of a message to pass; what fails for
    another reason has ``max_tries``: then the owner is told, and the upload comes to rest in the dead-letter queue.
    """
    for upload in uploaded_objects(message.body):
        request = entry.Request(bucket=upload.bucket, key=upload.key, repeats=upload.repeats)
        try:
            entry.accept(request, services)
        except DocumentError as error:
            logs.info("Upload refused", code=error.code, bucket=upload.bucket)
        except (entry.NotFoundError, entry.NotWantedError, entry.BucketNotAllowedError) as error:
            logs.info("Upload ignored", reason=type(error).__name__, bucket=upload.bucket)
        except Exception as error:
            if not tries.is_last(error, message.receive_count, message.receive_count, services.settings):
                raise
            services.queues.lay_upload_to_rest(upload.bucket, upload.key, upload.repeats)
            _give_up(request, error, services)
            note_failure(message)


def _give_up(request: entry.Request, error: Exception, services: Services) -> None:
    """The message rests in the dead-letter queue: its owner is told, unless that fails too."""
    try:
        status = entry.give_up(request, error, services)
    except Exception:  # noqa: BLE001  the message is kept, for operators to see
        logs.error("Owner not told", bucket=request.bucket)
        return
    if status is not None:
        outcomes.failed(status)
