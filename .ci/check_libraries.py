"""Import what pennes stands on and say which shared libraries of the system are missing."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

MODULES = {
    "DOLFINx": "from pennes.cli import world; world.connect(); import dolfinx",
    "gmsh": "import gmsh",
    "VTK": "import vtkmodules.vtkRenderingOpenGL2, pyvista",
    "h5py": "import h5py",
}
PACKAGES = {
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libEGL.so.1": "libegl1",
    "libGLU.so.1": "libglu1-mesa",
    "libX11.so.6": "libx11-6",
    "libXcursor.so.1": "libxcursor1",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libXft.so.2": "libxft2",
    "libXinerama.so.1": "libxinerama1",
    "libXrender.so.1": "libxrender1",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libfontconfig.so.1": "libfontconfig1",
    "libgomp.so.1": "libgomp1",
}


def missing_libraries() -> set[str]:
    """Shared libraries that gmsh, the one that needs most of the system, does not find."""
    libraries = [file for folder in {sys.prefix, sys.base_prefix} for file in Path(folder, "lib").glob("libgmsh.so*")]
    found = set()
    for library in libraries:
        listed = subprocess.run(["ldd", str(library)], capture_output=True, text=True, check=False).stdout
        found |= set(re.findall(r"(\S+) => not found", listed))
    return found


def main() -> int:
    missing, failures = missing_libraries(), []
    for name, statement in MODULES.items():
        done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
            failures.append(f"{name} cannot be loaded: {reason}")
            missing |= set(re.findall(r"(lib\S+\.so\S*): cannot open shared object", done.stderr))
    headers = Path(sysconfig.get_paths()["include"], "Python.h")
    if not headers.is_file():
        failures.append(f"Python's headers are missing ({headers}): 'apt install python3-dev'")
    if missing:
        packages = sorted(PACKAGES.get(name, f"(what brings {name})") for name in missing)
        failures.append(f"shared libraries are missing: {', '.join(sorted(missing))}")
        failures.append(f"install them: 'apt install {' '.join(packages)}', or ask who keeps this machine")
    for line in failures:
        print(f"setup: {line}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
