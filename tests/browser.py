"""The browser that the viewer is tested in: `python -m tests.browser` makes sure that it is there.

It installs Debian's packages where it may, and says what to install where it may not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PROGRAMS = ("chromium", "chromedriver")
INSTALL = "apt-get install --yes --no-install-recommends chromium chromium-driver"


def missing() -> list[str]:
    """Give the programs that cannot be found."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


def main() -> int:
    """Install what is missing."""
    if not missing():
        return 0
    rights = [] if os.geteuid() == 0 else ["sudo"]
    if shutil.which("apt-get") is None or (rights and shutil.which("sudo") is None):
        print(f"the tests of the viewer need {' and '.join(missing())}; on Debian: {INSTALL}", file=sys.stderr)
        return 1
    for command in ("apt-get update", INSTALL):
        subprocess.run([*rights, *command.split()], check=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    return 1 if missing() else 0


if __name__ == "__main__":
    sys.exit(main())
