"""The page of the API shows all that the description says."""

import json
import re

from functions.timeline.openapi import describe
from tests.contract.page import Page
from tests.fakes.store import fake_store
from tests.in_process import callers_of


def test_every_part_of_the_description_is_on_the_page() -> None:
    minitwit = callers_of(fake_store())
    answer = minitwit.browser().get("/api")
    text = " ".join(Page(answer).text.split())
    description = describe("1")
    for operations in description["paths"].values():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                assert str(parameter["example"]) in text
                assert parameter.get("description", "") in text
    for schema in description["components"]["schemas"].values():
        assert schema["description"] in text
        for name, field in schema["properties"].items():
            assert name in text
            assert field.get("description", "") in text


def test_examples_are_json_and_links_lead_to_what_is_on_the_page() -> None:
    answer = callers_of(fake_store()).browser().get("/api")
    ids = set(re.findall(r' id="([^"]+)"', answer.text))
    links = {link[1:] for link in Page(answer).links if link.startswith("#")}
    assert links <= ids
    examples = re.findall(r"<pre>(.*?)</pre>", answer.text, re.DOTALL)
    values = [json.loads(text.replace("&#34;", '"')) for text in examples]
    assert {"follow": "Roger Histand"} in values
    assert [
        {"content": "Hello, world!", "pub_date": 1764355200, "user": "Roger Histand"}
    ] in values
