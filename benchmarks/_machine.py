"""Where it was measured: the machine, the versions, the date."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

_VERSIONS = """
import json, platform, sys
from importlib.metadata import PackageNotFoundError, version
found = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def versions(python: str, packages: Sequence[str]) -> dict[str, str]:
    """Give the versions of Python and of packages in an environment; those that are not installed are left out.

    Raises:
        OSError: there is no such interpreter, or it cannot be run.
    """
    command = [python, "-c", _VERSIONS, *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{python} is no Python: {done.stderr.strip()}")
    found: dict[str, str] = json.loads(done.stdout)
    return found


def describe() -> Mapping[str, str | int | float]:
    """Describe this machine: the processor, cores that may be used, memory, kernel, pages, load, and the date."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "processor": _line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        # What follows the numbers names a build, of a distribution or a host, which says nothing to others.
        "kernel": platform.release().partition("-")[0],
        "huge pages": _text("/sys/kernel/mm/transparent_hugepage/enabled"),
        "load": round(os.getloadavg()[0], 2),
    }


def _line(path: str, field: str) -> str:
    for line in _text(path).splitlines():
        name, _, value = line.partition(":")
        if name.strip() == field:
            return value.strip()
    return ""


def _text(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    return ""
