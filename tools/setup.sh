#!/usr/bin/env bash
# Prepares a fresh machine: system libraries of pyzbar and opencv, a C compiler for the resampler, a virtual environment, the
# locked packages. Without a compiler everything works too; pages that stand askew take a quarter longer.
# Usage: tools/setup.sh VENV
set -eu
venv=$1

missing=()
has() { ldconfig -p 2>/dev/null | grep -q "$1" || find /usr/lib /lib -name "$1*" 2>/dev/null | grep -q .; }
has libzbar.so.0 || missing+=(libzbar0)
has libGL.so.1 || missing+=(libgl1)
has libglib-2.0.so.0 || missing+=(libglib2.0-0)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

as_root=()
if [ "$(id -u)" != 0 ]; then
  sudo -n true 2>/dev/null && as_root=(sudo -n) || as_root=(nobody)
fi
if ! { command -v cc && python3 -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'; } >/dev/null; then
  if [ "${as_root[*]}" = nobody ]; then
    echo "Without a C compiler pages that stand askew take a quarter longer: apt-get install gcc libc6-dev python3-dev" >&2
  else
    missing+=(gcc libc6-dev python3-dev)
  fi
fi

if [ ${#missing[@]} -gt 0 ]; then
  [ "${as_root[*]}" != nobody ] || { echo "Please install first: apt-get install ${missing[*]}" >&2; exit 1; }
  command -v apt-get >/dev/null || { echo "Please install what Debian calls: ${missing[*]}" >&2; exit 1; }
  echo "Installing ${missing[*]} …"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed." >&2; exit 1; }
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
echo "Installing the locked packages into $venv …"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
PYTHONWARNINGS=ignore "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
