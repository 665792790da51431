"""Usage: python -m deploy.supply FOLDER VERSION: writes the SBOM of each image."""

import json
import sys
from pathlib import Path

from deploy.supply.packages import LOCKS, packages_in
from deploy.supply.sbom import document


def main(arguments: list[str]) -> None:
    """Write the files, and name them."""
    match arguments:
        case [folder, version]:
            for image in LOCKS:
                file = Path(folder) / f"minitwit-{image}.cdx.json"
                file.parent.mkdir(parents=True, exist_ok=True)
                sbom = document(image, version, packages_in(image))
                file.write_text(json.dumps(sbom, indent=1) + "\n", encoding="utf-8")
                print(file)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
