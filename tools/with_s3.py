"""Starts a real S3 server (SeaweedFS from its wheel, on 127.0.0.1, thrown away afterwards) around a command.

python -m tools.with_s3 scanpipe bench --s3 S3     # the argument S3 becomes the server's ENDPOINT/BUCKET
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.s3_server import start_server


def main(command: list[str]) -> int:
    server = start_server()
    if isinstance(server, str):
        print(f"There is no S3 server: {server}", file=sys.stderr)
        return 1
    address = f"{server.endpoint_url}/{server.bucket}"
    told = [address if word == "S3" else word for word in command]
    return subprocess.run(told, env={**os.environ, **server.environ}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
