"""How a query worker takes rights away from itself before the engine is imported.

The engine dials out on ``SERVICE`` and has no switch for it, so the kernel is asked to refuse: a seccomp filter
(seccomp(2), classic BPF) makes ``socket()`` fail for every domain but AF_UNIX, and ``io_uring_setup()`` always,
because a ring can open sockets without the system call. It needs no privilege, cannot be taken back and is
inherited by threads. A call made for another architecture (i386 or x32 on x86-64) is refused whatever it is,
because its numbers mean other calls.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_SECCOMP_RET_ALLOW = 0x7FFF0000
_SECCOMP_RET_ERRNO = 0x00050000
_IO_URING_SETUP = 425
_X32_SYSCALL_BIT = 0x40000000
_AF_UNIX = 1
_AF_INET = 2
_SOCK_STREAM = 1

# Instructions of classic BPF (linux/bpf_common.h): load a word, jump if equal, jump if not below, return.
_LOAD, _JEQ, _JGE, _RETURN = 0x20, 0x15, 0x35, 0x06
# Offsets in struct seccomp_data; the low half of the first argument on a little-endian machine.
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

#: Machine to (AUDIT_ARCH constant, number of socket(2)).
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}


class IsolationRefused(Exception):
    """This machine does not let a process deny itself the network."""


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jump_true", ctypes.c_ubyte),
        ("jump_false", ctypes.c_ubyte),
        ("constant", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def isolate(parent: int) -> None:
    """Take from this process what a child that exists to be killed must not have; it ends with its ``parent``.

    Raises:
        IsolationRefused: the network cannot be denied; all else is done then.
    """
    die_with_parent(parent)
    leave_terminal()
    forbid_core_dumps()
    volunteer_for_out_of_memory()
    deny_network()


def deny_network() -> None:
    """Deny this process, and all it will start, sockets that lead off the machine, for good.

    Raises:
        IsolationRefused: not Linux, an unknown machine, a kernel without seccomp, or the filter had no effect.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _MACHINES:
        raise IsolationRefused(f"seccomp filters for {sys.platform} on {machine} are not known here")
    rules = _rules(*_MACHINES[machine])
    instructions = (_Instruction * len(rules))(*(_Instruction(*rule) for rule in rules))
    program = _Program(len(rules), instructions)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))
    if not network_denied():
        raise IsolationRefused("the seccomp filter was taken but sockets can still be opened")


def network_denied() -> bool:
    """Whether opening an internet socket is refused in this process, found out by trying."""
    libc = _libc()
    descriptor = libc.socket(_AF_INET, _SOCK_STREAM, 0)
    if descriptor >= 0:
        os.close(descriptor)
        return False
    return ctypes.get_errno() == errno.EPERM


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process as soon as its parent ends; ends it now when ``parent`` is gone already."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def leave_terminal() -> None:
    """Ctrl-C is for the front, which ends its children itself.

    A session of its own would do that, too, but Linux shares the processor between sessions first (autogroups,
    sched(7)), and what a child leaves to others by its niceness would only count among its own threads.
    """
    os.setpgid(0, 0)


def volunteer_for_out_of_memory() -> None:
    """Ask the kernel to end this process before others when the machine runs out of memory; harmless where refused."""
    try:
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")
    except OSError:
        return


def forbid_core_dumps() -> None:
    """A crash leaves no copy of the store's content on disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_memory(budget: int) -> None:
    """Limit the address space to what is in use now plus ``budget`` bytes.

    Opened stores hold hundreds of megabytes of address space for a few resident ones, so an absolute limit
    would either end the worker at once or limit nothing.
    """
    virtual, _ = memory_in_use("self")
    limit = virtual + budget
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def memory_in_use(process: int | str) -> tuple[int, int]:
    """Virtual and resident size of a process in bytes (proc(5), statm).

    Raises:
        OSError: there is no such process (any more).
    """
    fields = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()
    page = resource.getpagesize()
    return int(fields[0]) * page, int(fields[1]) * page


def _rules(architecture: int, socket_number: int) -> list[tuple[int, int, int, int]]:
    """The filter as (code, skip when true, skip when false, constant); each check is followed by its verdict."""
    allow = (_RETURN, 0, 0, _SECCOMP_RET_ALLOW)
    refuse = (_RETURN, 0, 0, _SECCOMP_RET_ERRNO | errno.EPERM)
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JEQ, 1, 0, architecture),
        refuse,
        (_LOAD, 0, 0, _NUMBER),
        (_JGE, 0, 1, _X32_SYSCALL_BIT),
        refuse,
        (_JEQ, 0, 1, _IO_URING_SETUP),
        refuse,
        (_JEQ, 1, 0, socket_number),
        allow,
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JEQ, 1, 0, _AF_UNIX),
        refuse,
        allow,
    ]


def _prctl(option: int, *arguments: int) -> None:
    values = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if _libc().prctl(ctypes.c_int(option), *values) != 0:
        code = ctypes.get_errno()
        raise IsolationRefused(f"prctl({option}) was refused: {os.strerror(code)}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
