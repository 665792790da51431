"""Reads Prometheus's rule files."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "deploy" / "tools"
RULE_FILES = sorted((TOOLS / "prometheus" / "rules").glob("*.yml"))


def rules() -> list[dict[str, Any]]:
    """Return every rule, recording and alerting."""
    return [
        rule
        for file in RULE_FILES
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


def alerts() -> dict[str, dict[str, Any]]:
    """Return every alert by its name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}
