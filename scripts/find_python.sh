#!/bin/sh
# Print the first Python that is new enough (3.11); complain in one sentence if there is none.
for python in python3 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        command -v "$python"
        exit 0
    fi
done
echo "No Python 3.11 or newer was found; install one (Debian: apt-get install python3) or name it: make PYTHON=/path/to/python3 ..." >&2
exit 1
