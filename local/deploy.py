"""`osls deploy --stage local` into the emulator, and the addresses that come out of it."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from local.emulator import Emulator
from local.errors import LocalStackError
from local.settings import DATABASE, DATABASE_SECRET, REGION, ROOT, SERVICE, StackSettings

OSLS = ROOT / "node_modules" / "osls" / "bin" / "serverless.js"
STACK = f"{SERVICE}-local"
DEPLOYED_PACKAGES = ("core", "rag", "vdr", "search", "websocket", "api", "operations")  #: what serverless.yml packs
#: Settings that this machine's environment may change: of the pipelines, and limits
SHELL_VARIABLES = (
    "TEXT_EMBEDDING_MODEL",
    "TEXT_EMBEDDING_ENDPOINT",
    "TEXT_EMBEDDING_DIMENSIONS",
    "TEXT_EMBEDDING_MAX_TOKENS",
    "TEXT_EMBEDDING_API_KEY_SECRET",
    "TEXT_EMBEDDING_LANGUAGES",
    "OCR_LANGUAGES",
    "MAX_RUNNING_DOCUMENTS",
    "MAX_BYTES_A_DAY",
    "MAX_PAGES_A_DAY",
    "UPLOADS_A_MINUTE",
    "QUERIES_A_MINUTE",
    "MAX_SOCKETS",
    "SOCKET_REQUESTS_A_MINUTE",
)
DEPLOYED_PARAMETER = f"/{SERVICE}/local/deployed"  #: the fingerprint of what is deployed


@dataclass(frozen=True)
class Endpoints:
    """Where a running stack is reached; kept in endpoints.json."""

    aws: str
    region: str
    api: str
    websocket: str
    uploadsBucket: str  # noqa: N815 - names of the file
    derivedBucket: str  # noqa: N815
    userPoolId: str  # noqa: N815
    clientId: str  # noqa: N815
    database: str  #: host:port/name; passwords.json beside the file holds the passwords


def deploy(emulator: Emulator) -> bool:
    """Bring the stack in the emulator up to date; False when it was already.

    What is deployed is noted in the emulator itself, so that the note never outlives what it is about.
    Raises LocalStackError with the tool's output when that fails.
    """
    ssm, wanted = emulator.client("ssm"), fingerprint(emulator.settings)
    if _parameter(ssm) == wanted:
        return False
    ssm.delete_parameters(Names=[DEPLOYED_PARAMETER])
    _run_osls(emulator.settings)
    ssm.put_parameter(Name=DEPLOYED_PARAMETER, Value=wanted, Type="String")
    return True


def fingerprint(settings: StackSettings) -> str:
    """A digest of everything that a deployment is made of."""
    files = [ROOT / "serverless.yml", ROOT / "package-lock.json", *ROOT.glob("serverless/**/*.*")]
    files += ROOT.glob("migrations/*.sql")
    files += [file for package in DEPLOYED_PACKAGES for file in ROOT.glob(f"{package}/**/*.py")]
    digest = hashlib.sha256(json.dumps(_environment(settings)).encode())
    for file in sorted(files):
        digest.update(f"\n{file.relative_to(ROOT)} {hashlib.sha256(file.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def _environment(settings: StackSettings) -> dict[str, str]:
    """The variables that the deployment depends on."""
    return settings.environment() | {name: os.environ[name] for name in SHELL_VARIABLES if name in os.environ}


def _parameter(ssm: Any) -> str | None:
    try:
        return str(ssm.get_parameter(Name=DEPLOYED_PARAMETER)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return None


@contextmanager
def osls_lock() -> Iterator[None]:
    """Waits for its turn: osls packs in a folder of the checkout, so that only one may run at a time."""
    with (ROOT / "node_modules" / ".osls.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run_osls(settings: StackSettings) -> None:
    node = shutil.which("node")
    if node is None or not OSLS.exists():
        raise LocalStackError("Node.js packages are missing: run `make setup`")
    with (settings.logs / "deploy.log").open("w+") as log, osls_lock():
        done = subprocess.run(  # noqa: S603
            [node, "--no-warnings", str(OSLS), "deploy", "--stage", "local"],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(settings.state / "tmp")}
            | _environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            log.seek(0)
            raise LocalStackError(f"Deploying serverless.yml failed:\n{log.read()[-4000:]}")


def read_endpoints(emulator: Emulator) -> Endpoints | None:
    """The addresses of the deployed stack, or None when none is deployed."""
    cloudformation = emulator.client("cloudformation")
    try:
        [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    except cloudformation.exceptions.ClientError:
        return None
    outputs: dict[str, str] = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}
    if "ApiUrl" not in outputs:
        return None
    return Endpoints(
        aws=emulator.settings.aws_url,
        region=REGION,
        api=outputs["ApiUrl"],
        websocket=outputs["WebSocketApiUrl"],
        uploadsBucket=outputs["UploadsBucketName"],
        derivedBucket=outputs["DerivedBucketName"],
        userPoolId=outputs["UserPoolId"],
        clientId=outputs["UserPoolClientId"],
        database=f"127.0.0.1:{emulator.settings.postgres_port}/{DATABASE}",
    )


def write_endpoints(settings: StackSettings, endpoints: Endpoints) -> None:
    """Keep the addresses where the command line and the tests look for them."""
    settings.endpoints_file.write_text(json.dumps(asdict(endpoints), indent=2) + "\n")


def put_secret(secretsmanager: Any, value: dict[str, str], name: str = DATABASE_SECRET) -> None:
    """Keep a database password where the functions look for it."""
    text = json.dumps(value)
    try:
        secretsmanager.create_secret(Name=name, SecretString=text)
    except secretsmanager.exceptions.ResourceExistsException:
        secretsmanager.put_secret_value(SecretId=name, SecretString=text)
