"""What the HTTP routes need of the outside."""

from dataclasses import dataclass
from functools import cache
from typing import Self

from api.upload_forms import UploadForms
from core import aws


@dataclass(frozen=True, kw_only=True)
class ApiServices(aws.Services):
    """The services of every handler, and the forms that clients upload with."""

    forms: UploadForms

    @classmethod
    def of(cls, services: aws.Services, forms: UploadForms) -> Self:
        """The shared services with the forms added."""
        return cls(**vars(services), forms=forms)


@cache
def services() -> ApiServices:
    """The services that this process's settings describe."""
    return ApiServices.of(aws.services(), UploadForms(aws.client("s3")))
