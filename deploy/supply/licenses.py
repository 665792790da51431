"""Licenses of everything that production runs: the table and the rule for it."""

import re

from deploy.supply.packages import LOCKS, Package, packages_in

# SPDX ids under which a package may be in an image. The weak copyleft of MPL-2.0 covers
# its own files alone, and that of LGPL-3.0 a library that anybody can replace (psycopg,
# which Patroni uses); we change neither.
ALLOWED = frozenset(
    {
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CNRI-Python",
        "ISC",
        "LGPL-3.0-only",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
    }
)


def is_allowed(expression: str) -> bool:
    """Return whether an SPDX expression names allowed licenses, and nothing else.

    Of licenses to choose from (OR) each has to be allowed, too.
    """
    ids = re.findall(r"[\w.+-]+", expression)
    return bool(ids) and set(ids) - {"AND", "OR"} <= ALLOWED


def table() -> str:
    """Return the rows of the table in docs/licenses.md."""
    images: dict[Package, list[str]] = {}
    for image in LOCKS:
        for package in packages_in(image):
            images.setdefault(package, []).append(image)
    return "\n".join(
        f"| {package.name} | {package.license} | {', '.join(images[package])} |"
        for package in sorted(images, key=lambda package: package.name)
    )
