"""Install what napari's window needs from the system: only what is missing, only where it may.

It looks first (``dlopen``, the search path), then asks ``apt-get`` as root or through a ``sudo``
that wants no password. Where it may not, one sentence says which command to run. Needs only Python.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys

# Shared library -> Debian package: all that Qt's xcb platform, its OpenGL widgets and vispy load.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libbrotlidec.so.1": "libbrotli1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
# Program -> Debian package: a virtual screen, for a machine that has no real one.
VIRTUAL_SCREEN = {"Xvfb": "xvfb", "xvfb-run": "xvfb", "xauth": "xauth"}
# A lock held by an update in the background is waited for, not an error.
APT_OPTIONS = ["-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"]


def loads(library: str) -> bool:
    """Whether the dynamic linker finds the library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_screen() -> bool:
    """Whether there is a screen to open a window on."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def missing_packages() -> list[str]:
    """Names of the Debian packages that are needed and not there."""
    packages = {package for library, package in LIBRARIES.items() if not loads(library)}
    if not has_screen():
        packages |= {
            package for program, package in VIRTUAL_SCREEN.items() if not shutil.which(program)
        }
    # Debian ships Python without the part of `venv` that brings pip.
    if importlib.util.find_spec("ensurepip") is None:
        packages.add(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    return sorted(packages)


def privilege() -> list[str] | None:
    """Return what to put before ``apt-get``; None where this user may not install."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if asked.returncode == 0:
            return ["sudo", "-n"]
    return None


def apt_get(prefix: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``apt-get`` without questions and keep what it says."""
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", *APT_OPTIONS]
    return subprocess.run(
        [*command, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def install(packages: list[str]) -> int:
    """Install the packages, or say in one sentence which command does; return an exit code."""
    by_hand = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        print(
            "System libraries are missing and there is no apt-get here; install what your system "
            f"calls these Debian packages, then run make again: {' '.join(packages)}",
            file=sys.stderr,
        )
        return 1
    prefix = privilege()
    if prefix is None:
        print(
            f"System libraries are missing; run this once, then make again: sudo {by_hand}",
            file=sys.stderr,
        )
        return 1
    print(f"Installing {len(packages)} system packages: {' '.join(packages)}", flush=True)
    apt_get(prefix, "update")  # a stale list still installs; a failure shows in the next line
    done = apt_get(prefix, "install", "-y", "--no-install-recommends", *packages)
    if done.returncode:
        print("\n".join(done.stdout.splitlines()[-10:]), file=sys.stderr)
        print(
            "apt-get could not install the system libraries; see the lines above, or run it "
            f"yourself: apt-get update && {by_hand}",
            file=sys.stderr,
        )
        return 1
    return 0


def main() -> int:
    """Look, install, look again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only print what is missing")
    check_only = parser.parse_args().check
    if not sys.platform.startswith("linux"):
        return 0  # Qt brings everything on macOS and Windows
    packages = missing_packages()
    if check_only:
        print("\n".join(packages), end="\n" if packages else "")
        return bool(packages)
    return install(packages) if packages else 0


if __name__ == "__main__":
    sys.exit(main())
