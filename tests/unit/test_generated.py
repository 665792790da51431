"""Generated parts of files are those of the route table."""

import pytest

from deploy.scaffold.generated import PARTS, Part


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.file)
def test_a_generated_part_is_up_to_date(part: Part) -> None:
    changed = part.current() != part.expected()
    assert not changed, f"{part.file} does not follow from ROUTES: run `make generate`"
