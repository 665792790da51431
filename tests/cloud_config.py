"""What cloud-init writes on a droplet's first boot."""

import re
from pathlib import Path
from typing import Any

import yaml

DROPLETS = Path(__file__).parents[1] / "deploy" / "droplets"
NETWORK = "10.90.0.0/24"
TEMPLATE = (DROPLETS / "cloud-config.yml.tftpl").read_text(encoding="utf-8")


def cloud_config() -> dict[str, Any]:
    """Return the configuration of the tool droplet."""
    values = {"hostname": "h", "volume": "minitwit-tool", "private_network": NETWORK}
    text = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], TEMPLATE)
    config: dict[str, Any] = yaml.safe_load(text)
    return config


def written(name: str) -> str:
    """Return the content of a file that cloud-init writes."""
    [content] = [
        file["content"]
        for file in cloud_config()["write_files"]
        if Path(file["path"]).name == name
    ]
    return str(content)
