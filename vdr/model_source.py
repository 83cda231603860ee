"""Where a page model's files come from: a hub, a folder of the image or of a mounted file system, or S3."""

import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from core import aws
from core.disk import full_disk
from core.errors import SettingsError
from core.outages import outage

SCHEME = "s3://"


def source(name: str) -> str:
    """What a model is loaded by: its name itself, or for ``s3://bucket/prefix`` the folder its files were copied to.

    The copy lasts as long as this machine's temporary files, and one that was cut short is gone on with.
    Raises SettingsError when there is nothing or nothing may be read, TransientError in an outage or on a full disk.
    """
    if not name.startswith(SCHEME):
        return name
    address = urlsplit(name)
    folder = Path(tempfile.gettempdir(), "page-models", address.netloc, address.path.strip("/"))
    try:
        with outage(), full_disk():
            found = _copy(aws.client("s3"), address.netloc, f"{address.path.strip('/')}/", folder)
    except ClientError as error:
        raise SettingsError(f"setting VDR_MODEL_NAME: {name}: {error.response['Error']['Code']}") from error
    if not found:
        raise SettingsError(f"setting VDR_MODEL_NAME: {name}: there are no files")
    return str(folder)


def _copy(client: Any, bucket: str, prefix: str, folder: Path) -> int:
    """Fetch what lies directly below the prefix; answers how many files that is."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    objects = [item for page in pages for item in page.get("Contents", []) if item["Key"] != prefix]
    folder.mkdir(parents=True, exist_ok=True)
    for item in objects:
        path = folder / item["Key"].removeprefix(prefix)
        if path.exists() and path.stat().st_size == item["Size"]:
            continue
        unfinished = path.with_name(f"{path.name}.part")
        client.download_file(bucket, item["Key"], str(unfinished))
        unfinished.replace(path)
    return len(objects)
