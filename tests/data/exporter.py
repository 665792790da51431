"""What the database's exporters ask, for tests that ask it themselves."""

from typing import Any

import yaml

from tests.data.writing import ROOT


def exporter_queries() -> dict[str, str]:
    """Return each query's SQL by its name."""
    file = ROOT / "deploy" / "tools" / "postgres_exporter" / "queries.yaml"
    queries: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {name: query["query"] for name, query in queries.items()}
