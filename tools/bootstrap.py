"""Set up the virtual environment: called by make, needs nothing but Python and the network once.

    python3 tools/bootstrap.py requirements.txt

A stamp with the hash of the requirements makes every later call return at once. Written in old syntax on purpose,
so that an old Python can still read the message that it is too old.
"""

import hashlib
import os
import subprocess
import sys

NEEDED = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
UV = "uv==0.13.9"


def fail(message):
    sys.stderr.write("\n" + message + "\n\n")
    sys.exit(1)


def digest(path):
    """The hash of a requirements file and of those it includes."""
    with open(os.path.join(ROOT, path), "rb") as file:
        content = file.read()
    seen = hashlib.sha256(content)
    for line in content.decode().splitlines():
        if line.startswith("-r "):
            seen.update(digest(line[3:].strip()).encode())
    return seen.hexdigest()


def run(what, *command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode(errors="replace")[-3000:])
        fail(
            "Crossfade could not {}.\n"
            "The lines above say why. Most often the package index cannot be reached: check the network or your\n"
            "proxy and pip settings, then run the same command again. `make clean` starts over.".format(what)
        )


def main(requirements):
    if sys.version_info < NEEDED:
        fail(
            "Crossfade needs Python 3.11 or newer, this is {}.{}.\n"
            "Install one and name it: make PYTHON=python3.11 {}".format(*sys.version_info[:2], "demo")
        )
    stamp = os.path.join(VENV, "." + os.path.basename(requirements) + "." + digest(requirements)[:16])
    if os.path.exists(stamp):
        return
    sys.stderr.write("Setting up the virtual environment (once, about a minute) ...\n")
    if not os.path.exists(PYTHON):
        run("make a virtual environment in .venv", sys.executable, "-m", "venv", VENV)
    run("install the installer", PYTHON, "-m", "pip", "install", "--quiet", UV)
    run(
        "install " + requirements, os.path.join(VENV, "bin", "uv"),
        "pip", "install", "--quiet", "--python", PYTHON, "-r", requirements,
    )  # fmt: skip
    open(stamp, "w").close()


if __name__ == "__main__":
    main(sys.argv[1])
