#!/usr/bin/env bash
# Run a command on the screen there is, or else on a virtual one: on_screen.sh COMMAND ...
set -euo pipefail
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname)" != Linux ]; then
    exec "$@"
fi
# Qt wants a private folder for sockets; without a desktop session nobody has made one.
if [ -z "${XDG_RUNTIME_DIR:-}" ]; then
    XDG_RUNTIME_DIR=$(mktemp -d)
    export XDG_RUNTIME_DIR
    trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
fi
xvfb-run --auto-servernum --server-args="-screen 0 1600x1000x24" "$@"
