"""Runs inside a child process: takes away what it must not have, then becomes the program or the Python module.

Started only by ``core.child.run``, as a script: the limits, then ``-m MODULE …`` or ``PROGRAM …``.
The limits are set here, and not between fork and exec in the parent, because the parent has threads.
"""

import ctypes
import json
import os
import resource
import runpy
import signal
import sys

MEMORY_EXHAUSTED = 77  #: exit status of a Python child that ran into its memory limit
RANGES_DESCRIPTOR = 3  #: where a child that may ask for ranges of a file finds its end of the socket
#: What a process says on stderr, before anything else, when the kernel does not let it leave the network
NOT_CUT_OFF = b"core.child_limits: not cut off from the network, the kernel refuses\n"
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
CAPABILITIES_VERSION = 0x20080522
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


def restrict(limits: dict[str, int], parent: int) -> None:
    """Apply the limits to this process and all it starts; end at once if the parent has already gone."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:  # refused in many containers; the parent logs it
            os.write(sys.stderr.fileno(), NOT_CUT_OFF)
        _become_ordinary(libc)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # after unshare: changed credentials clear it
        if os.getppid() != parent:
            os._exit(0)
    for name, value in limits.items():
        _lower(getattr(resource, name), value)


def prctl(option: int, value: int) -> bool:
    """Ask Linux to change this process; whether it did."""
    nothing = ctypes.c_ulong(0)
    done: int = ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), nothing, nothing, nothing)
    return done == 0


def _become_ordinary(libc: ctypes.CDLL) -> None:
    """Give up root's privileges for good: with them a process may read its parent's memory, and raise its limits."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)  # no program gives them back
    this_process = (ctypes.c_uint32 * 2)(CAPABILITIES_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    libc.capset(this_process, none)


def _lower(kind: int, value: int) -> None:
    _soft, hard = resource.getrlimit(kind)
    # At the hard limit of processor time comes SIGKILL, which looks like memory; a second earlier SIGXCPU tells.
    most = value + 1 if kind == resource.RLIMIT_CPU else value
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    try:
        resource.setrlimit(kind, (min(value, allowed), allowed))
    except (ValueError, OSError):
        if sys.platform == "linux":
            raise
        # macOS refuses a limit of the address space; the time limits still hold there.


def _place(descriptor: int) -> None:
    """Move the socket for ranges to its number; what this process starts does not get it."""
    if descriptor != RANGES_DESCRIPTOR:
        os.dup2(descriptor, RANGES_DESCRIPTOR)
        os.close(descriptor)
    os.set_inheritable(RANGES_DESCRIPTOR, False)


def main() -> None:
    """Restrict this process, then run what the arguments name."""
    order = json.loads(sys.argv[1])
    restrict(order["limits"], order["parent"])
    if order["ranges"] is not None:
        _place(order["ranges"])
    command = sys.argv[2:]
    if command[0] != "-m":
        os.execvp(command[0], command)  # noqa: S606  no shell is wanted
    sys.argv = command[1:]
    try:
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    except MemoryError:
        sys.exit(MEMORY_EXHAUSTED)


if __name__ == "__main__":
    main()
