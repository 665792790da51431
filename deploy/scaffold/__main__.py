"""Usage: python -m deploy.scaffold generate | new-function NAME."""

import sys

from deploy.scaffold import generated


def main(arguments: list[str]) -> None:
    """Run a command."""
    if arguments == ["generate"]:
        files = dict.fromkeys(part.file for part in generated.PARTS if part.write())
        print("\n".join(f"wrote {file}" for file in files) or "Nothing has changed.")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
