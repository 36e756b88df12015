"""Turn the template's folders into what CloudFormation takes: zips in S3, and their addresses.

Layers are built by their own Makefiles, exactly as `sam build` does it, and kept until a file of
theirs changes.
"""

import hashlib
import io
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local import LocalStackError
from local.aws import Aws
from local.ministack import PYTHON, clean_environment

BUCKET = "signet-local-artifacts"
# The property that names a folder, for each kind of resource that has one.
FOLDER_PROPERTY = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}


class _TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short forms: `!Ref x` as {"Ref": "x"}."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        raise yaml.YAMLError(f"!{suffix} takes no mapping")
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_TemplateLoader.add_multi_constructor("!", _intrinsic)


def load_template(path: Path) -> dict[str, Any]:
    """The template as CloudFormation's JSON form."""
    document = yaml.load(path.read_text(), Loader=_TemplateLoader)  # noqa: S506 (a SafeLoader)
    return {str(key): value for key, value in document.items()} | {
        "AWSTemplateFormatVersion": str(document["AWSTemplateFormatVersion"])
    }


def package(
    template_file: Path, *, parameters: Mapping[str, str], cache: Path, aws: Aws
) -> dict[str, Any]:
    """The template with every folder put into S3 and replaced by its address there.

    What the parameters switch off is neither built nor in the result.
    """
    template = only_what_is_wanted(load_template(template_file), parameters)
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for name, resource in template["Resources"].items():
        folder_property = FOLDER_PROPERTY.get(resource["Type"])
        if folder_property is None:
            continue
        folder = template_file.parent / resource["Properties"][folder_property]
        built_by = resource.pop("Metadata", {}).get("BuildMethod")
        code = build_layer(name, folder, cache) if built_by == "makefile" else zip_folder(folder)
        key = f"{name}/{hashlib.sha256(code).hexdigest()}"
        s3.put_object(Bucket=BUCKET, Key=key, Body=code)
        resource["Properties"][folder_property] = {"Bucket": BUCKET, "Key": key}
    return template


def upload(key: str, content: str, aws: Aws) -> str:
    """Put a file beside the packaged code; its URL."""
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content.encode())
    return f"{aws.endpoint}/{BUCKET}/{key}"


def only_what_is_wanted(template: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """The template without the resources whose condition does not hold for these parameters."""
    resources = {
        name: resource
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or holds(resource["Condition"], template, parameters)
    }
    return template | {"Resources": resources}


def holds(condition: str, template: dict[str, Any], parameters: Mapping[str, str]) -> bool:
    """Whether a condition of the template is true for these parameters, the rest by default."""
    values = {
        name: str(parameters.get(name, parameter["Default"]))
        for name, parameter in template["Parameters"].items()
    }
    return _holds({"Condition": condition}, template["Conditions"], values)


def _holds(expression: Any, conditions: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    def inner(one: Any) -> bool:
        return _holds(one, conditions, values)

    if "Condition" in expression:
        return inner(conditions[expression["Condition"]])
    ((function, operands),) = expression.items()
    match function:
        case "Fn::Not":
            return not inner(operands[0])
        case "Fn::And":
            return all(map(inner, operands))
        case "Fn::Or":
            return any(map(inner, operands))
        case "Fn::Equals":
            one, other = (
                values[operand["Ref"]] if isinstance(operand, dict) else operand
                for operand in operands
            )
            return bool(one == other)
    raise LocalStackError(f"A condition of the template uses {function}.")


def build_layer(name: str, folder: Path, cache: Path) -> bytes:
    """The layer's zip: from the cache, or made with `make build-<name>` in its folder."""
    built = cache / f"{name}-{_digest(folder)}.zip"
    if built.exists():
        return built.read_bytes()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as artifacts:
        _make(name, folder, Path(artifacts))
        code = zip_folder(Path(artifacts), with_byte_code=True)
    with tempfile.NamedTemporaryFile(dir=cache, delete=False) as unfinished:
        unfinished.write(code)
    Path(unfinished.name).replace(built)
    for old in cache.glob(f"{name}-*.zip"):
        if old != built:
            old.unlink(missing_ok=True)
    return code


def _make(name: str, folder: Path, artifacts: Path) -> None:
    command = [
        *("make", "--no-print-directory", f"--directory={folder}", f"build-{name}"),
        *(f"ARTIFACTS_DIR={artifacts}", f"PYTHON={PYTHON}", "NATIVE=1"),
    ]
    environment = clean_environment()
    for variable in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"):
        environment.pop(variable, None)
    made = subprocess.run(
        command,
        env=environment | _proxies(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if made.returncode:
        raise LocalStackError(f"{name} could not be built:\n{made.stdout[-2000:]}")


def _proxies() -> dict[str, str]:
    """What pip needs to reach a package index from behind a proxy."""
    return {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}


def zip_folder(folder: Path, *, with_byte_code: bool = False) -> bytes:
    """A zip of the folder's files that is the same whenever they are the same."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in _files(folder, with_byte_code=with_byte_code):
            archive.writestr(zipfile.ZipInfo(str(file.relative_to(folder))), file.read_bytes())
    return content.getvalue()


def _digest(folder: Path) -> str:
    made_of = hashlib.sha256(PYTHON.resolve().as_posix().encode())
    for file in _files(folder, with_byte_code=False):
        made_of.update(f"{file.relative_to(folder)}\0{file.stat().st_size}\0".encode())
        made_of.update(file.read_bytes())
    return made_of.hexdigest()[:16]


def _files(folder: Path, *, with_byte_code: bool) -> list[Path]:
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file() and (with_byte_code or "__pycache__" not in file.parts)
    )
