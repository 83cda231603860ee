"""What packages are built for: a Python and a processor, as AWS Lambda's runtimes have them."""

import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  #: the checkout
PYTHON = "3.13"  #: as the parameter runtime in serverless/params.yml
ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}  #: Lambda's name of a processor → that of wheels
GLIBC = 34  #: 2.34, of Amazon Linux 2023, on which Lambda's runtimes since python3.12 stand
OLDEST_GLIBC = 17  #: 2.17: what wheels call manylinux2014


@dataclass(frozen=True)
class Target:
    """Where packages will run."""

    python: str = PYTHON  #: major.minor
    architecture: str = "x86_64"

    @classmethod
    def here(cls) -> "Target":
        """This interpreter on this machine, for running what was built."""
        names = {wheels: name for name, wheels in ARCHITECTURES.items()}
        return cls(f"{sys.version_info.major}.{sys.version_info.minor}", names[platform.machine()])

    @property
    def folder(self) -> Path:
        """Where its layers are built; serverless/plugins/packages.js looks there."""
        return ROOT / "build" / "layers" / f"python{self.python}-{self.architecture}"

    @property
    def pip_options(self) -> list[str]:
        """Make pip choose wheels for this target, whatever it runs on; pip wants every tag said that may match."""
        machine = ARCHITECTURES[self.architecture]
        tags = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC, OLDEST_GLIBC - 1, -1)]
        platforms = [option for tag in [*tags, f"manylinux2014_{machine}"] for option in ("--platform", tag)]
        return [*platforms, "--python-version", self.python, "--implementation", "cp", "--only-binary", ":all:"]

    def compiler(self) -> str | None:
        """An interpreter of the target's version on this machine, to compile bytecode with; None without one."""
        if self.python == Target.here().python:
            return sys.executable
        found = shutil.which(f"python{self.python}")
        # A launcher of that name need not have an interpreter behind it
        runs = found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0  # noqa: S603
        return found if runs else None
