"""wrk as the load generator: each request is picked at random from a prepared list, also when the list has one entry.

The Lua scripts are made at run time; all cases go through the same one, so that wrk costs the same in each of them.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.failures import CannotMeasure

CONNECTIONS: Final = 32
"""Kept-alive connections: with a few of them, all may stick to one worker."""
NO_WRK: Final = "wrk is not installed: install the Debian package `wrk`, or choose with --only what does not need it."

_SCRIPT: Final = """\
local requests = {{}}

function init(arguments)
  math.randomseed({seed})
  for line in io.lines({lines}) do
    if {posts} then
      requests[#requests + 1] = wrk.format("POST", "{path}", {{["Content-Type"] = "application/json"}}, line)
    else
      requests[#requests + 1] = wrk.format("GET", line)
    end
  end
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\\n{{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
"""
_FORMS: Final = """\
local paths, sent, mark = {{}}, 0, ""
local headers = {{["Content-Type"] = "multipart/form-data; boundary=edge"}}
local head = '--edge\\r\\nContent-Disposition: form-data; name="file"; filename="top.nc"\\r\\n\\r\\n'

function init(arguments)
  for line in io.lines({lines}) do
    paths[#paths + 1] = line
  end
  io.open("/dev/urandom", "rb"):read(16):gsub(".", function(sign) mark = mark .. string.format("%02x", sign:byte()) end)
end

function request()
  sent = sent + 1
  local text = mark .. string.format("%12d", sent)
  local body = head .. text .. string.rep("G1 X1.5 ", ({size} - #text) / 8) .. "\\r\\n--edge--\\r\\n"
  return wrk.format("POST", paths[sent % #paths + 1], headers, body)
end
"""
_DONE: Final = _SCRIPT[_SCRIPT.index("function done(") :]


class Load(NamedTuple):
    """What wrk saw."""

    requests: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float


def require_wrk() -> None:
    """Make sure that wrk is there.

    Raises:
        CannotMeasure: it is not; the message names the package.
    """
    if shutil.which("wrk") is None:
        raise CannotMeasure(NO_WRK)


def write_gets(script: Path, paths: Sequence[str]) -> Path:
    """Write the script that gets one of these paths each time, and return it."""
    return _write(script, paths, posts=False, path="")


def write_posts(script: Path, path: str, bodies: Sequence[str]) -> Path:
    """Write the script that posts one of these JSON texts, each without a line break, each time, and return it."""
    return _write(script, bodies, posts=True, path=path)


def write_forms(script: Path, paths: Sequence[str], size: int) -> Path:
    """Write the script that posts a file of `size` bytes that nobody has posted before, to each path in turn."""
    listed = script.with_suffix(".lines")
    listed.write_text("\n".join(paths) + "\n")
    script.write_text((_FORMS + _DONE).format(lines=json.dumps(str(listed)), size=size))
    return script


def _write(script: Path, lines: Sequence[str], *, posts: bool, path: str) -> Path:
    listed = script.with_suffix(".lines")
    listed.write_text("\n".join(lines) + "\n")
    text = _SCRIPT.format(seed=1, lines=json.dumps(str(listed)), posts=str(posts).lower(), path=path)
    script.write_text(text)
    return script


def drive(url: str, script: Path, *, seconds: int) -> Load:
    """Send what the script says for some seconds.

    Raises:
        CannotMeasure: wrk failed, or an answer was not 2xx.
    """
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script), url]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise CannotMeasure(NO_WRK) from None
    if ran.returncode != 0:
        raise CannotMeasure(f"wrk failed: {(ran.stderr or ran.stdout).strip()}")
    return read_report(ran.stdout)


def read_report(output: str) -> Load:
    """Return what the last line of wrk's output says.

    Raises:
        CannotMeasure: it is no report, or not every request was answered with 2xx.
    """
    try:
        told = json.loads(output.strip().splitlines()[-1])
        bad, requests = told["refused"] + told["broken"], told["requests"]
        load = Load(requests, requests / (told["duration_us"] / 1e6), told["p50_us"] / 1000, told["p99_us"] / 1000)
    except (IndexError, KeyError, ValueError, ZeroDivisionError):
        raise CannotMeasure(f"wrk told nothing that can be read: {output.strip()[-200:]!r}") from None
    if bad or not requests:
        raise CannotMeasure(f"{bad} of {requests} requests failed, so there is nothing to compare")
    return load
