"""Create the virtual environments that `make` needs: `python3 local/venvs.py run test sam`.

`--which 3.13` prints the path of that interpreter instead, or nothing.

Runs on a bare interpreter, before anything is installed, so it imports only the standard library.
What changed in a requirement file is installed over the old; another interpreter means a new
environment. A stamp in each holds the hash of what it was made from.
"""

from __future__ import annotations  # so that an old Python comes as far as to be told so

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OTHER_LAYERS = (
    "layers/carriers/requirements.txt",
    "layers/imaging/requirements.txt",
    "layers/passwords/requirements.txt",
)
RUN_TIME = ("layers/deps/requirements.txt", "local/requirements.txt")


@dataclass(frozen=True)
class Venv:
    """One environment: its folder, its requirement files, and the interpreter it must have."""

    folder: str
    requirements: tuple[str, ...]
    python: str = "any"
    needed: bool = True


VENVS = {
    "run": (
        Venv(".venv", RUN_TIME),
        Venv(".venv-ministack", ("local/requirements-ministack.txt",)),
    ),
    "test": (
        Venv(".venv", (*RUN_TIME, *OTHER_LAYERS, "requirements-dev.txt")),
        Venv(".venv-ministack", ("local/requirements-ministack.txt",)),
        Venv(".venv-sdk", ("tests/wire/requirements.txt",)),
        Venv(".venv-lambda", ("requirements-lambda.txt",), python="3.13", needed=False),
    ),
    "bench": (Venv(".venv-solvers", ("benchmarks/requirements-solvers.txt",), needed=False),),
    "sam": (Venv(".venv-sam", ("requirements-sam.txt",)),),
}


def main(groups: list[str]) -> int:
    """Make every environment of the groups; 0 when all that are needed exist."""
    if sys.version_info < (3, 11):  # noqa: UP036 (it may well be)
        print(f"Signet needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
        print("Name another one: make PYTHON=python3.13 run")
        return 1
    with one_at_a_time():
        for group in groups:
            for venv in VENVS[group]:
                try:
                    make(venv)
                except subprocess.CalledProcessError as failure:
                    print(f"\n{venv.folder} could not be made:\n{failure.output}")
                    return 1
    return 0


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two makes at once, in two terminals, must not install over each other."""
    folder = ROOT / ".local"
    folder.mkdir(exist_ok=True)
    with (folder / "venvs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(venv: Venv) -> None:
    """Build the environment unless its stamp says that it is as it should be."""
    files = [ROOT / name for name in venv.requirements]
    if not all(file.exists() for file in files):
        return
    python = interpreter(venv.python)
    if python is None:
        if not venv.needed:
            print(f"{venv.folder}: skipped, no Python {venv.python} here", flush=True)
            return
        python = sys.executable
    folder = ROOT / venv.folder
    stamp = folder / ".stamp"
    wanted = digest(python, files, with_group=folder.name)
    if stamp.exists() and wanted in stamp.read_text().split():
        return
    names = " + ".join(venv.requirements)
    with telling(f"{venv.folder}: installing {names}"):
        install(python, folder, files)
    stamp.write_text(stamp_text(folder, python, files, wanted))


def digest(python: str, files: list[Path], *, with_group: str) -> str:
    """What an environment is made of, in one hash."""
    made_of = hashlib.sha256(f"{with_group} {python}".encode())
    for file in files:
        made_of.update(file.read_bytes())
    return made_of.hexdigest()


def stamp_text(folder: Path, python: str, files: list[Path], wanted: str) -> str:
    """The stamps of what it holds: the test environment holds all of the run environment."""
    hashes = {wanted}
    if folder.name == ".venv":
        run_time = [ROOT / name for name in RUN_TIME]
        if set(run_time) <= set(files):
            hashes.add(digest(python, run_time, with_group=folder.name))
    return "\n".join(sorted(hashes))


def install(python: str, folder: Path, files: list[Path]) -> None:
    """Make the environment unless it is there, and install the pinned requirements into it."""
    inside = str(folder / "bin" / "python")
    if not made_by(python, folder):
        shutil.rmtree(folder, ignore_errors=True)
        create(python, folder, inside)
    maker = folder / ".maker"
    # Whoever is interrupted from here on leaves an environment that is made anew.
    maker.unlink(missing_ok=True)
    wanted = [word for file in files for word in ("-r", str(file))]
    quiet([inside, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *wanted])
    maker.write_text(python)


def made_by(python: str, folder: Path) -> bool:
    """Whether the environment was finished once, by this interpreter."""
    maker = folder / ".maker"
    return maker.exists() and maker.read_text() == python and starts(str(folder / "bin" / "python"))


def create(python: str, folder: Path, inside: str) -> None:
    """Make an empty environment that has pip."""
    if python != sys.executable or importlib.util.find_spec("ensurepip"):
        quiet([python, "-m", "venv", str(folder)])
    else:  # Debian splits ensurepip off: then the machine's own pip brings pip along
        quiet([python, "-m", "venv", "--without-pip", str(folder)])
        quiet([python, "-m", "pip", "--python", inside, "install", "--quiet", "pip"])


def quiet(command: list[str]) -> None:
    """Run a command, keeping its output for the error message."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(
        command,
        check=True,
        text=True,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def interpreter(version: str) -> str | None:
    """An interpreter of the version that starts: from PATH or, past its shims, from pyenv."""
    if version == "any":
        return sys.executable
    name = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    candidates = [shutil.which(name), *(str(path) for path in pyenv.glob(f"{version}*/bin/{name}"))]
    return next((path for path in candidates if path and starts(path)), None)


def starts(python: str) -> bool:
    """A pyenv shim is on PATH even where its version is not selected: only a run tells."""
    try:
        answer = subprocess.run([python, "-c", "import venv"], capture_output=True, check=False)
    except OSError:
        return False
    return answer.returncode == 0


@contextlib.contextmanager
def telling(what: str) -> Iterator[None]:
    """Print what is being done, and every ten seconds that it still is."""
    done = threading.Event()
    start = time.monotonic()

    def tick() -> None:
        while not done.wait(10):
            print(f"   … {time.monotonic() - start:.0f} s", flush=True)

    print(what, flush=True)
    threading.Thread(target=tick, daemon=True).start()
    try:
        yield
    finally:
        done.set()
    print(f"   done in {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--which"]:
        print(interpreter(sys.argv[2]) or "")
    else:
        sys.exit(main(sys.argv[1:] or ["run"]))
