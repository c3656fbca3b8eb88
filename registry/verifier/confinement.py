"""Takes from the judging process all it does not need, before it reads a stranger's bytes."""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys
from pathlib import Path
from typing import Any

# Address space kept back so that a process that ran out of memory can still say so.
_REPORTING_BYTES = 64 * 2**20
_OPEN_FILES = 32
_NOBODY = 65534

_CLONE_NEWNET, _CLONE_NEWUSER = 0x40000000, 0x10000000
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38

# Landlock (Linux 5.13; uapi/linux/landlock.h). Numbers are the same on every architecture.
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION, _LANDLOCK_PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE = 1 << 0, 1 << 1, 1 << 2
# Removing and making of every kind of entry (bits 4 to 12); REFER and TRUNCATE came later.
_CHANGE_TREE = sum(1 << bit for bit in range(4, 13))
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_BIND_TCP_CONNECT_TCP = 0b11
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
_SYSTEM_FOLDERS = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom",
                   "/proc", "/sys")  # fmt: skip

_FORBIDDEN_EVENTS = (
    "socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.spawn",
    "os.kill", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink",
    "os.chmod", "os.chown", "os.truncate", "os.putenv", "shutil.", "tempfile.", "ctypes.",
    "webbrowser.", "urllib.", "ftplib.", "http.", "smtplib.", "syslog.", "signal.pthread_kill",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def limit(*, memory_bytes: int, cpu_seconds: int) -> None:
    """Resource limits; the first thing the process does."""
    _lower(resource.RLIMIT_AS, memory_bytes, memory_bytes + _REPORTING_BYTES)
    # The hard limit comes a second later, so that SIGXCPU names the cause and SIGKILL is certain.
    _lower(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1)
    _lower(resource.RLIMIT_FSIZE, 0, 0)
    _lower(resource.RLIMIT_CORE, 0, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES, _OPEN_FILES)


def grant_reporting_memory() -> None:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def _lower(kind: int, soft: int, hard: int) -> None:
    current = resource.getrlimit(kind)[1]
    if current != resource.RLIM_INFINITY:
        hard = min(hard, current)
    resource.setrlimit(kind, (min(soft, hard), hard))


def isolate(code: Path) -> None:
    """No network, no writing, reading of program files only; before a library starts a thread.

    Kernel measures hold for native code too. Each is used where the kernel has it; `seal` and the
    limits hold everywhere.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.unshare(_CLONE_NEWNET) != 0:
        # Without privileges a network namespace needs a user namespace around it.
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    _landlock(libc, code)


def _landlock(libc: Any, code: Path) -> None:
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return
    rights = _EXECUTE | _WRITE_FILE | _READ_FILE | _CHANGE_TREE
    rights |= (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    words = [rights]
    if version >= 4:
        words.append(_BIND_TCP_CONNECT_TCP)
    if version >= 6:
        words.append(_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    attributes = struct.pack(f"={len(words)}Q", *words)
    ruleset = libc.syscall(_LANDLOCK_CREATE, attributes, len(attributes), 0)
    if ruleset < 0:
        return
    for folder in _readable(code):
        _allow_reading(libc, ruleset, folder)
    libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)


def _readable(code: Path) -> list[str]:
    """Program files: interpreter, libraries and our package without the folder around it."""
    folders = [str(code), sys.prefix, sys.base_prefix, *_SYSTEM_FOLDERS]
    return folders + [path for path in sys.path if path and Path(path) != code.parent]


def _allow_reading(libc: Any, ruleset: int, path: str) -> None:
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)  # type: ignore[attr-defined, unused-ignore]
    except OSError:
        return
    rights = _READ_FILE
    libc.syscall(
        _LANDLOCK_ADD, ruleset, _LANDLOCK_PATH_BENEATH, struct.pack("=Qi", rights, folder), 0
    )
    os.close(folder)


def seal() -> None:
    """After the last import: no rights of root, no new process or thread, no such Python calls."""
    if os.geteuid() == 0:
        _become_nobody()
    _lower(resource.RLIMIT_NPROC, 0, 0)
    sys.addaudithook(_refuse)


def _become_nobody() -> None:
    try:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    except PermissionError:
        return  # A container's root without capabilities cannot change, and owns little to lose.


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN_EVENTS):
        raise PermissionError(f"The verifier may not do {event}.")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        raise PermissionError("The verifier may not write files.")
