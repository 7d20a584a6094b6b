#!/usr/bin/env bash
# Makes .venv with pennes and everything it needs. Run again it does nothing unless pyproject.toml has changed.
#
#   .ci/setup.sh                        Python >= 3.12 and the DOLFINx wheel (Linux, x86-64)
#   PENNES_DOLFINX=system .ci/setup.sh  on top of the DOLFINx of the python3 on PATH (conda, a cluster's module)
#   PYTHON=/path/to/python .ci/setup.sh that Python
set -euo pipefail
cd "$(dirname "$0")/.."

mode="${PENNES_DOLFINX:-wheel}"
venv=".venv"
stamp="$venv/.pennes-setup"
say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$1"; shift; for line in "$@"; do printf '       %s\n' "$line" >&2; done; exit 1; }

case "$mode" in wheel | system) ;; *) fail "PENNES_DOLFINX is '$mode'" "expected 'wheel' or 'system'" ;; esac

wanted="$mode $(cat pyproject.toml .ci/setup.sh | cksum)"
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }

# Prints the first Python >= 3.12: the one asked for, PATH, pyenv, one that uv manages.
find_python() {
    local candidate
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" && echo "$PYTHON"
        return
    fi
    for candidate in python3.12 python3.13 python3.14 python3 python; do
        if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python3; do
        if [ -x "$candidate" ] && new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    uv_python
}

# Prints a Python of uv's, which downloads one; uv itself comes from PATH or from the package index.
uv_python() {
    local uv
    uv="$(command -v uv || true)"
    if [ -z "$uv" ] && command -v python3 >/dev/null; then
        say "no Python >= 3.12 here; getting one with uv"
        python3 -m venv .cache/uv >/dev/null 2>&1 && .cache/uv/bin/python -m pip install --quiet uv >&2 || return 0
        uv=".cache/uv/bin/uv"
    fi
    [ -n "$uv" ] || return 0
    "$uv" python install --quiet 3.12 >&2 && "$uv" python find 3.12
}

if [ "$mode" = system ]; then
    python="${PYTHON:-$(command -v python3 || true)}"
    [ -n "$python" ] || fail "there is no python3 on PATH" "activate the environment, or load the module, with DOLFINx"
    "$python" -c 'import dolfinx' 2>/dev/null || fail "$python has no DOLFINx" \
        "activate the environment, or load the module, with DOLFINx >= 0.11:" \
        "conda create -n pennes -c conda-forge python=3.12 fenics-dolfinx mpich && conda activate pennes" \
        "or leave PENNES_DOLFINX out: then the DOLFINx wheel is installed"
    new_enough "$python" || fail "$python is older than Python 3.12"
    options=(--system-site-packages)
    extras="imaging,cohort,atlas,statistics,test"
else
    [ "$(uname -s) $(uname -m)" = "Linux x86_64" ] || fail "the DOLFINx wheel is for Linux on x86-64, this is $(uname -sm)" \
        "install DOLFINx with conda, then: make setup PENNES_DOLFINX=system"
    python="$(find_python || true)"
    [ -n "$python" ] || fail "there is no Python >= 3.12 (looked on PATH, in pyenv, asked uv)" \
        "install one: 'apt install python3 python3-venv', 'pyenv install 3.12', or uv from https://docs.astral.sh/uv" \
        "or say which: PYTHON=/path/to/python3.12 make setup"
    options=()
    extras="solver,imaging,cohort,atlas,statistics,test"
fi

if ! command -v cc >/dev/null && ! command -v gcc >/dev/null; then
    fail "there is no C compiler, which DOLFINx needs" "install one: 'apt install gcc' or 'dnf install gcc'"
fi

say "using $("$python" --version) in $python, DOLFINx: $mode"
rm -f "$stamp"
# An environment that is there is kept, unless it is broken or stands on the other kind of DOLFINx.
kind=wheel
if grep -qs '^include-system-site-packages = true' "$venv/pyvenv.cfg"; then kind=system; fi
if [ "$kind" != "$mode" ] || ! new_enough "$venv/bin/python"; then
    "$python" -m venv --clear ${options[@]+"${options[@]}"} "$venv" >&2 || fail "cannot make $venv" \
        "Debian and Ubuntu keep venv apart: 'apt install python3-venv'"
fi

say "installing; the first time this takes some minutes"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -e ".[$extras]" >&2 || fail "packages could not be installed" \
    "no network, or the package index refuses? Behind a proxy set https_proxy; for a mirror set PIP_INDEX_URL" \
    "the DOLFINx wheel needs glibc >= 2.34; older systems: conda, then make setup PENNES_DOLFINX=system"

# Every shared library that is missing is named at once, with the Debian package that brings it.
"$venv/bin/python" .ci/check_libraries.py >&2 || fail "the environment is not usable yet (see above); then run this again"

echo "$wanted" >"$stamp"
say "done: . $venv/bin/activate"
