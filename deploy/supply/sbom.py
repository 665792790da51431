"""SBOM in CycloneDX 1.6: the packages of an image, with hashes and licenses.

The package manager's part of an image has an SBOM as well: buildx attaches one to each
image that `deploy/publish.sh` pushes.
"""

from collections.abc import Iterable
from typing import Any

from deploy.supply.packages import Package

_VERSION = "1.6"  # of the specification


def document(image: str, version: str, packages: Iterable[Package]) -> dict[str, Any]:
    """Return the SBOM of an image.

    Args:
        image: its name.
        version: of the image.
        packages: that it installs.

    """
    components = [_component(package) for package in packages]
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{_VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": _VERSION,
        "version": 1,
        "metadata": {
            "component": {
                "bom-ref": f"minitwit-{image}",
                "type": "container",
                "name": f"minitwit-{image}",
                "version": version,
            }
        },
        "components": components,
        "dependencies": [
            {
                "ref": f"minitwit-{image}",
                "dependsOn": [component["bom-ref"] for component in components],
            }
        ],
    }


def _component(package: Package) -> dict[str, Any]:
    address = f"pkg:pypi/{package.name}@{package.version}"
    return {
        "bom-ref": address,
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": address,
        "licenses": [{"expression": package.license}],
        # One of these files is installed, by platform.
        "externalReferences": [
            {
                "type": "distribution",
                "url": address,
                "hashes": [{"alg": "SHA-256", "content": h} for h in package.hashes],
            }
        ],
    }
