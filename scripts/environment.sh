#!/usr/bin/env bash
# Make the virtual environment: environment.sh PYTHON FOLDER TORCH QT
# TORCH comes first and alone, so that the choice of build (CPU here) is not pip's.
set -euo pipefail
python=$1 folder=$2 torch=$3 qt=$4
log=$folder/install.log

pip_install() {
    local what=$1
    shift
    echo "Installing $what ..."
    if ! "$folder/bin/python" -m pip --disable-pip-version-check --no-input install "$@" \
        >>"$log" 2>&1 </dev/null; then
        grep -v '^WARNING' "$log" | tail -n 15 >&2
        echo "pip could not install $what; the lines above say why, the whole log is $log." >&2
        exit 1
    fi
}

if ! [ -x "$folder/bin/python" ] || ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "Making the environment $folder with $("$python" --version); this takes a few minutes."
    "$python" -m venv --clear "$folder"
fi
: >"$log"
pip_install "pip" --upgrade "pip>=25.1" # the first that reads dependency groups
pip_install "$torch" "$torch"
pip_install "napari-sparsevar, napari and the tools of the tests" \
    --editable ".[$qt,nwb,parquet,video,batch]" --group test --group docs
