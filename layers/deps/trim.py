"""Cuts the dependency layer down to what Signet uses and byte-compiles it.

botocore parses endpoints.json (1.25 MB for 400 services) for every client it makes, and looks
through the folders of all services. Measured on a fresh process with the clients that `request`
needs: 1.35 x a bare `boto3.client("dynamodb")` before, 1.06 x after. Cutting only the models of
unused services gains nothing. Byte code is of the unchecked kind, because zipping changes the
file times that the usual kind compares, and Lambda could not write it anew.
"""

import compileall
import json
import py_compile
import shutil
import sys
from pathlib import Path

SERVICES = {
    *(
        "dynamodb",
        "events",
        "lambda",
        "pinpoint-sms-voice-v2",
        "s3",
        "scheduler",
        "secretsmanager",
        "sns",
        "sqs",
    ),
}
# Service names in endpoints.json, where they differ from the folders', follow the host name.
ENDPOINTS = (SERVICES - {"pinpoint-sms-voice-v2"}) | {"sms-voice"}


def cut_models(data: Path) -> None:
    """Leave the data folders of our services, each in its newest API version."""
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in SERVICES:
            shutil.rmtree(folder)
    for service in SERVICES:
        *old, _ = sorted((data / service).iterdir())
        for version in old:
            shutil.rmtree(version)


def cut_endpoints(endpoints: Path) -> None:
    """Leave our services in every partition of endpoints.json."""
    document = json.loads(endpoints.read_text())
    for partition in document["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services if name in ENDPOINTS}
    endpoints.write_text(json.dumps(document, separators=(",", ":")))


def drop_unused(root: Path) -> None:
    """Remove scripts, boto3's resources and examples, and what only pip reads."""
    for name in ("bin", "boto3/data", "boto3/examples"):
        shutil.rmtree(root / name)
    drop_places(root / "phonenumbers")
    for pattern in ("*.dist-info/RECORD", "*.dist-info/REQUESTED", "*.dist-info/INSTALLER"):
        for file in root.glob(pattern):
            file.unlink()
    for examples in root.glob("botocore/data/*/*/examples-1.json"):
        examples.unlink()


def drop_places(phonenumbers: Path) -> None:
    """Leave the time zones of numbers, but not the names of their places and carriers."""
    for name, data in (("geocoder", "geodata"), ("carrier", "carrierdata")):
        shutil.rmtree(phonenumbers / data)
        for module in phonenumbers.glob(f"{name}.py*"):
            module.unlink()


def main(root: Path) -> None:
    """Trim the packages installed in `root`, the layer's python folder."""
    drop_unused(root)
    cut_models(root / "botocore" / "data")
    cut_endpoints(root / "botocore" / "data" / "endpoints.json")
    compiled = compileall.compile_dir(
        str(root),
        quiet=1,
        force=True,
        stripdir=str(root.parent),
        prependdir="/opt",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        sys.exit(f"{root}: some module does not compile")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
