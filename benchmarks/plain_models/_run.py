"""The process of each model: started, given so much time, and its lines collected."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ._model import Model

_SECONDS = 240
_ROOT = Path(__file__).parents[2]

Result = dict[str, dict[str, Any]]


def run(model: Model, rounds: int) -> Result:
    """Measure a model in a process of its own.

    Args:
        model: which.
        rounds: how often each way of building it is timed, at most.

    Returns:
        What was found, by stage; `process` says how the process ended if it ended badly.
    """
    result, ended = _process(model, str(rounds))
    if result.get("mindspore", {}).get("error") == "the process crashes":
        ended = ""
        result.update(_process(model, str(rounds), "seconds")[0] if rounds else {})
    if ended:
        result["process"] = {"error": ended}
    return result


def _process(model: Model, *more: str) -> tuple[Result, str]:
    command = [sys.executable, "-m", f"{__package__}._measure", model.project, model.name, *more]
    ended = ""
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=_SECONDS, check=False)
        lines, errors = done.stdout, done.stderr
        if done.returncode:
            ended = f"exit {done.returncode}: {errors.strip().splitlines()[-1:]}"
    except subprocess.TimeoutExpired as late:
        lines = (late.stdout or b"").decode()
        ended = f"longer than {_SECONDS} s"
    result: Result = {}
    for line in lines.splitlines():
        if line.startswith('{"stage"'):
            found = json.loads(line)
            result[found.pop("stage")] = found
    return result, ended
