"""What is measured: functions and layers as `sam build` makes them, and plain boto3 beside them.

`.aws-sam/build` is used while it is newer than everything it was made from. Otherwise the layers
are made by their own Makefiles, which is all that `sam build` does for them.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import say
from local.ministack import clean_environment
from local.package import load_template
from local.venvs import interpreter

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".local" / "benchmarks"
SAM_BUILD = ROOT / ".aws-sam" / "build"
_LAYERS = {"DepsLayer": ROOT / "layers" / "deps", "SignetLayer": ROOT / "layers" / "signet"}
FUNCTIONS = (
    "request",
    "verify",
    "captcha",
    "sender",
    "sweeper",
    "review",
    "notify",
    "receipt",
    "planner",
)
_INSIDE = Path(__file__).resolve().parent / "inside.py"

# -P and -S: neither the working folder nor this machine's site-packages is on the path, in both
# sides of every ratio. Lambda's own interpreter has an empty site-packages.
_FLAGS = ("-P", "-S")


@dataclass(frozen=True, slots=True)
class Built:
    """The interpreter, the layers and functions it runs, and a plain boto3 with its packages."""

    python: str
    layers: tuple[Path, ...]
    functions: Mapping[str, Path]
    plain: Path

    def command(self, *arguments: str) -> list[str]:
        """The command that runs inside.py."""
        return [self.python, *_FLAGS, str(_INSIDE), *arguments]

    def plain_command(self, code: str) -> list[str]:
        """The command that runs a line of Python."""
        return [self.python, *_FLAGS, "-c", code]

    def path(self, function: str) -> str:
        """PYTHONPATH of a function: its folder, then its layers."""
        return ":".join(map(str, (self.functions[function], *self.layers)))


def make() -> Built:
    """Build what is missing; the first time takes a minute."""
    python = interpreter("3.13") or sys.executable
    version = _output([python, "-c", "import platform; print(platform.python_version())"])
    say(f"Python {version.strip()} ({'Lambda runs 3.13' if '3.13' in version else 'not 3.13!'})")
    functions = {name: _function(name) for name in FUNCTIONS}
    return Built(python, _layers(python), functions, _plain_boto3(python))


def environment(endpoint: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of every measured process: the same for both sides of a ratio."""
    variables = load_template(ROOT / "template.yaml")["Globals"]["Function"]["Environment"]
    common = {
        name: value for name, value in variables["Variables"].items() if isinstance(value, str)
    }
    emulated = {k: v for k, v in clean_environment().items() if k.startswith("AWS_")}
    return {
        **emulated,
        **common,
        **settings,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_LAMBDA_FUNCTION_NAME": "signet",
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
    }


def _layers(python: str) -> tuple[Path, ...]:
    if _is_fresh():
        say("layers: .aws-sam/build")
        return tuple(SAM_BUILD / name / "python" for name in _LAYERS)
    return tuple(_layer(name, folder, python) for name, folder in _LAYERS.items())


def _layer(name: str, folder: Path, python: str) -> Path:
    def build(into: Path) -> None:
        say(f"{name}: building it with {folder.relative_to(ROOT)}/Makefile …")
        variables = [f"ARTIFACTS_DIR={into}", f"PYTHON={python}"]
        _output(["make", "--no-print-directory", "-C", str(folder), f"build-{name}", *variables])

    return _once(f"{name}-{_digest(python, *_sources(folder))}", build) / "python"


def _plain_boto3(python: str) -> Path:
    """boto3 as pip installs it, with the byte code that pip makes."""
    requirements = ROOT / "layers" / "deps" / "requirements.txt"
    pin = next(line for line in requirements.read_text().split() if line.startswith("boto3=="))

    def install(into: Path) -> None:
        say(f"the process to compare with: installing {pin} …")
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        _output([*pip, "--constraint", str(requirements), "--target", str(into), pin])

    return _once(f"plain-{_digest(python, requirements)}", install)


def _function(name: str) -> Path:
    """The function's folder without the byte code a test may have left: Lambda has none."""
    source = ROOT / "functions" / name / "app.py"
    return _once(f"{name}-{_digest(name, source)}", lambda into: shutil.copy(source, into))


def _once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder of that name, made now unless it is there; its name says what it was made from."""
    built = WORK / name
    if not built.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=WORK))
        make(unfinished)
        unfinished.rename(built)
    return built


def _is_fresh() -> bool:
    built = SAM_BUILD / "template.yaml"
    sources = [file for folder in _LAYERS.values() for file in _sources(folder)]
    return built.exists() and all(f.stat().st_mtime < built.stat().st_mtime for f in sources)


def _sources(folder: Path) -> list[Path]:
    return sorted(f for f in folder.rglob("*") if f.is_file() and f.suffix != ".pyc")


def _digest(python: str, *files: Path) -> str:
    made_of = hashlib.sha256(python.encode())
    for file in files:
        made_of.update(f"{file.name}\0".encode() + file.read_bytes())
    return made_of.hexdigest()[:12]


def _output(command: list[str]) -> str:
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-800:]}{done.stderr[-800:]}")
    return done.stdout
