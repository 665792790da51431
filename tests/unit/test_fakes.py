"""The fakes have every method of the store, with the same parameters."""

import dataclasses
import inspect
from typing import get_type_hints

import pytest

from minitwit.store import Store
from tests.fakes.store import fake_store


@pytest.mark.parametrize("part", [field.name for field in dataclasses.fields(Store)])
def test_fake_takes_what_the_real_one_takes(part: str) -> None:
    real, fake = get_type_hints(Store)[part], type(getattr(fake_store(), part))
    for name, method in inspect.getmembers(real, inspect.isfunction):
        if name.startswith("_"):
            continue
        wanted = inspect.signature(method).parameters
        assert inspect.signature(getattr(fake, name)).parameters == wanted, name
