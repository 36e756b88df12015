"""Prints a SAM template as CloudFormation sees it. Runs on .venv-sam's Python (see tools.py)."""

import importlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any


class NoManagedPolicies:
    """The template names no managed policy, so none need be looked up."""

    def load(self) -> dict[str, str]:
        return {}


def transform(template: Path) -> dict[str, Any]:
    """The template after SAM's transform, its code pretended to lie in S3."""
    # By name: the environment that type-checks this file has neither.
    parse = importlib.import_module("samcli.yamlhelper").yaml_parse
    sam = importlib.import_module("samtranslator.translator.transform").transform
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    text = re.sub(r"((?:Code|Content)Uri:) (\S+)", r"\1 s3://bucket/\2", template.read_text())
    result: dict[str, Any] = sam(parse(text), {}, NoManagedPolicies())
    return result


if __name__ == "__main__":
    json.dump(transform(Path(sys.argv[1])), sys.stdout)
