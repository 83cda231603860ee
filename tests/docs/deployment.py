"""A deployment by docs/deploy.md: its commands, in order, in one shell, against an emulator instead of an account."""

import os
import shlex
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.deploy import osls_lock
from local.emulator import ACCESS_KEY, SECRET_KEY, Emulator
from local.settings import DATABASE, REGION, ROOT
from tests.databases import TestServer

STAGE = "dev"
DEPLOY = f"npx serverless deploy --stage {STAGE}\n"
PASSWORD = "Aa1!correct-horse"  # noqa: S105  of a user of the emulator's pool


@dataclass
class Deployment:
    """The stage, as far as it has come; remembers what each block of commands said."""

    emulator: Emulator
    postgres: TestServer
    home: Path
    blocks: list[str]
    said: dict[int, "subprocess.CompletedProcess[str]"] = field(default_factory=dict)

    def run(self, block: str) -> "subprocess.CompletedProcess[str]":
        """What a block said, after all that stand before it."""
        for number, each in enumerate(self.blocks[: self.blocks.index(block) + 1]):
            if number not in self.said:
                self.said[number] = self._run(each)
        return self.said[self.blocks.index(block)]

    def client(self, service: str) -> Any:
        return self.emulator.client(service)

    @property
    def url(self) -> str:
        return self.emulator.settings.aws_url

    def _run(self, block: str) -> "subprocess.CompletedProcess[str]":
        """One block; variables that it exports are there for the next one, as in a reader's shell."""
        kept = self.home / "variables"
        resumed = f"source {kept}\n" if kept.exists() else ""
        script = f"{resumed}set -o allexport\n{self._ours(block)}\nexport -p > {kept}\n"
        typed = self.postgres.passwords.superuser if "DATABASE_PASSWORD" in block else PASSWORD
        with osls_lock() if DEPLOY in block else nullcontext():
            return subprocess.run(  # noqa: S603
                ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607
                cwd=ROOT,
                env=self._environment(),
                input=f"{typed}\n",
                capture_output=True,
                text=True,
                check=False,
                timeout=240,
            )

    def _ours(self, block: str) -> str:
        """The block with what the reader would have put in, and with the emulator's addresses."""
        ec2 = self.client("ec2")
        values = {
            "db.example.com:5432": self.postgres.endpoint,
            "NAME            amplify_rag": f"NAME {DATABASE}",
            "subnet-0123456789abcdef0,subnet-0fedcba9876543210": ec2.describe_subnets()["Subnets"][0]["SubnetId"],
            "sg-0123456789abcdef0": ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"],
            DEPLOY: f"{DEPLOY.rstrip()} {self._addresses()}\n",
        }
        for written, ours in values.items():
            block = block.replace(written, ours)
        return block

    def _addresses(self) -> str:
        """Parameters that differ in any emulator: where things are, and the Python that functions run on."""
        web_socket = self.url.replace("http", "ws", 1)
        found = {
            "apiUrl": f"{self.url}/_aws/execute-api/${{HttpApi}}/$default",
            "webSocketUrl": f"{web_socket}/_aws/execute-api/${{WebsocketsApi}}/{STAGE}",
            "connectionsUrl": f"{self.url}/_aws/execute-api/${{WebsocketsApi}}/{STAGE}",
            "jwksUrl": f"{self.url}/${{UserPool}}/.well-known/jwks.json",
            "textModelPath": ROOT / "layers" / "text-model",
            "runtime": "python{}.{}".format(*sys.version_info[:2]),
        }
        return shlex.join(part for name, value in found.items() for part in ("--param", f"{name}={value}"))

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AMPLIFY_RAG_EMULATED": "1",
            "RAG_POSTGRES_DB_SSLMODE": "disable",  # the test's server listens on the loopback interface only
            "VDR_MODEL_NAME": "text-proxy",  # no hub
        }
