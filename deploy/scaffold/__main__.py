"""Usage: python -m deploy.scaffold generate | new-function NAME."""

import sys

from deploy.scaffold import generated, new_function


def main(arguments: list[str]) -> None:
    """Run a command."""
    match arguments:
        case ["generate"]:
            files = dict.fromkeys(part.file for part in generated.PARTS if part.write())
            print("\n".join(f"wrote {file}" for file in files) or "Nothing changed.")
        case ["new-function", name]:
            try:
                print("\n".join(new_function.add(name)))
            except new_function.InvalidName as error:
                sys.exit(f"Error: {error}")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
