"""What operators' routes need of the outside."""

from dataclasses import dataclass
from functools import cache
from typing import Self

from core import aws
from operations.dead_letters import DeadLetterQueues
from operations.letters import QueueName


@dataclass(frozen=True, kw_only=True)
class OperationsServices(aws.Services):
    """The services of every handler, and the dead-letter queues."""

    dead_letters: DeadLetterQueues

    @classmethod
    def of(cls, services: aws.Services, dead_letters: DeadLetterQueues) -> Self:
        """The shared services with the queues added."""
        return cls(**vars(services), dead_letters=dead_letters)


@cache
def services() -> OperationsServices:
    """The services that this process's settings describe."""
    shared = aws.services()
    need = shared.settings.need
    urls = {
        QueueName.DOCUMENT_INDEX: need("rag_document_index_dead_letter_queue_url"),
        QueueName.TEXT_RAG: need("text_rag_dead_letter_queue_url"),
        QueueName.VDR: need("vdr_dead_letter_queue_url"),
    }
    return OperationsServices.of(shared, DeadLetterQueues(aws.client("sqs"), urls))
