"""As much of curl as the guides use, for machines without it.

    curl [-X METHOD] URL [-H HEADER]... [-d DATA] [--no-buffer]

Reads ``dump-header`` from ``~/.curlrc`` and prints the answer's body as it comes.
"""

import argparse
import http.client
import shlex
import sys
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 60


def main() -> None:
    """Send the request that the command line describes."""
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("url")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("--no-buffer", action="store_true")
    asked = parser.parse_args()
    parts = urlsplit(asked.url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS
    )
    pairs = (header.partition(":") for header in asked.headers)
    connection.request(
        asked.method or ("GET" if asked.data is None else "POST"),
        f"{parts.path}?{parts.query}" if parts.query else parts.path,
        None if asked.data is None else asked.data.encode(),
        {name: value.strip() for name, _, value in pairs},
    )
    answer = connection.getresponse()
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
    lines += [f"{name}: {value}" for name, value in answer.getheaders()]
    _head_file().write_text("\n".join(lines) + "\n")
    while chunk := answer.read1():
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


def _head_file() -> Path:
    for line in (Path.home() / ".curlrc").read_text().splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "dump-header":
            return Path(shlex.split(value)[0])
    raise SystemExit("curl stand-in: ~/.curlrc names no dump-header")


if __name__ == "__main__":
    main()
