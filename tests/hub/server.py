"""A hub on the loopback: as much of its interface as the real client asks for to list a repository and download it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import tests


class Repository:
    """Commits of files, and the branches and tags that name them."""

    def __init__(self) -> None:
        self.commits: dict[str, dict[str, bytes]] = {}
        self.names: dict[str, str] = {}
        self.token: str | None = None
        """Which has to be sent to see anything of it."""
        self.gated = False
        """Whether its files are refused, while its list is not."""

    def commit(self, files: Mapping[str, bytes], *names: str) -> str:
        """Add a commit, and have it go by names; gives its hash."""
        commit = hashlib.sha1(repr((len(self.commits), sorted(files.items()))).encode()).hexdigest()
        self.commits[commit] = dict(files)
        self.names |= dict.fromkeys(names or ("main",), commit)
        return commit


class Hub:
    """The server.

    Attributes:
        repositories: by their ids.
        requests: what was asked for, as `GET /api/models/…`.
        cut: the file of which only the first half is sent, and then nothing more; `half_sent` is set then.
        broken: whether every answer is an error of the server.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.requests: list[str] = []
        self.cut: str | None = None
        self.half_sent = threading.Event()
        self.released = threading.Event()
        self.broken = False
        self.url = ""

    def add(self, name: str, files: Mapping[str, bytes], *names: str) -> str:
        """Add a commit to a repository, which is made if need be; gives its hash."""
        return self.repositories.setdefault(name, Repository()).commit(files, *names)

    @property
    def downloads(self) -> list[str]:
        """The files that were sent, and not only asked about."""
        return sorted(
            each.partition("/resolve/")[2].partition("/")[2]
            for each in self.requests
            if "GET /" in each and "/resolve/" in each
        )

    def run(self, code: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run code in a process of its own, for which this is the hub, and `home` holds its cache."""
        return subprocess.run(**self.command(code, home, environment), capture_output=True, text=True, check=False)

    def command(self, code: str, home: Path, environment: Mapping[str, str]) -> dict[str, Any]:
        """Give the arguments of `subprocess` for code that uses this hub."""
        root = Path(tests.__file__).parents[1]
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HF_", "HUGGING", "TRANSFORMERS_", "XDG_"))
        }
        own = {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
            "GLOG_v": "3",
        }
        return {
            "args": [sys.executable, "-c", code],
            "env": {**inherited, **own, "PYTHONPATH": str(root), **environment},
            "cwd": home,
        }


@contextmanager
def hub() -> Iterator[Hub]:
    """Serve a hub while the block runs."""
    served = Hub()

    class Handler(_Handler):
        hub = served

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        served.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        if self.hub.broken:
            return self._send(500, b"")
        if path.startswith("/api/models/"):
            name, what, revision = _parted(path.removeprefix("/api/models/"), "/revision/", "/tree/")
            wanted = ""
        else:
            name, what, rest = _parted(path[1:], "/resolve/")
            revision, _, wanted = rest.partition("/")
            if "/" in wanted and rest.startswith("refs/"):
                raise AssertionError("no test asks for these")
        repository = self.hub.repositories.get(name)
        if repository is None:
            return self._refuse(401, "RepoNotFound")
        if repository.token is not None and self.headers.get("Authorization") != f"Bearer {repository.token}":
            return self._refuse(401, "RepoNotFound")
        commit = repository.names.get(revision or "main", revision)
        if commit not in repository.commits:
            return self._refuse(404, "RevisionNotFound")
        files = repository.commits[commit]
        if what == "/tree/":
            tree = [
                {"type": "file", "path": each, "size": len(content), "oid": _digest(content)}
                for each, content in files.items()
            ]
            return self._send_json(tree)
        if not wanted:
            siblings = [{"rfilename": each} for each in files]
            return self._send_json({"id": name, "modelId": name, "sha": commit, "siblings": siblings, "tags": []})
        if repository.gated:
            return self._refuse(403, "GatedRepo")
        if wanted not in files:
            return self._refuse(404, "EntryNotFound", {"X-Repo-Commit": commit})
        self._send_file(wanted, files[wanted], commit)

    def _send_file(self, name: str, content: bytes, commit: str) -> None:
        head = {"ETag": f'"{_digest(content)}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        status, start = 200, 0
        asked = self.headers.get("Range")
        if asked is not None:
            start = int(asked.removeprefix("bytes=").partition("-")[0])
            head["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            status = 206
        half = len(content) // 2 if self.hub.cut == name and self.command == "GET" else None
        self._send(status, content[start:], head, half)
        if half is not None:
            self.wfile.flush()
            self.hub.half_sent.set()
            self.hub.released.wait(30)
            self.close_connection = True

    def _refuse(self, status: int, code: str, head: Mapping[str, str] | None = None) -> None:
        self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": code, **(head or {})})

    def _send_json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(
        self, status: int, content: bytes, head: Mapping[str, str] | None = None, most: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {**(head or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[:most])


def _parted(path: str, *marks: str) -> tuple[str, str, str]:
    for mark in marks:
        before, found, after = path.partition(mark)
        if found:
            return before, found, after
    return path, "", ""


def _digest(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()
