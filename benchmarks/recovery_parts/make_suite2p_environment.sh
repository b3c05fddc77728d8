#!/usr/bin/env bash
# Make an environment with suite2p alone: make_suite2p_environment.sh PYTHON FOLDER TORCH
# It is a rival in the benchmark, never a dependency. TORCH comes first and stays as it is, so that
# a CPU build is not replaced by one with gigabytes of CUDA.
set -euo pipefail
python=${1:-python3} folder=${2:-.venv-suite2p} torch=${3:-torch==2.13.0}

"$python" -m venv --clear "$folder"
log=$folder/install.log
constraints=$folder/constraints.txt

pip_install() {
    echo "Installing $1 ..."
    if ! "$folder/bin/python" -m pip --disable-pip-version-check --no-input install "$@" \
        >>"$log" 2>&1 </dev/null; then
        grep -v '^WARNING' "$log" | tail -n 15 >&2
        echo "pip could not install $1; the lines above say why, the whole log is $log." >&2
        exit 1
    fi
}

pip_install "pip>=25.1"
pip_install "$torch"
"$folder/bin/python" -c "from importlib.metadata import version; print('torch==' + version('torch'))" \
    >"$constraints"
pip_install "suite2p>=1.0" --constraint "$constraints"
"$folder/bin/python" "$(dirname "${BASH_SOURCE[0]}")/suite2p_extract.py" --check
