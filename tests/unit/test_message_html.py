"""Messages as HTML: what is filled into the template stands in the page as written."""

from functions.timeline.assets import Assets
from functions.timeline.mentioned_names import MentionedNames
from functions.timeline.pages import environment
from minitwit.models import Post, Reader


def test_signs_of_the_placeholders_are_signs_like_others() -> None:
    templates = environment(Assets(), MentionedNames(frozenset), "http://localhost")
    post = Post(7, "%(id)s & co", "100 % sure, %(content)s %s <b>", pub_date=0)
    html = templates.filters["messages"]([post], Reader(account=None))
    assert "100 % sure, %(content)s %s &lt;b&gt;" in html
    assert "<bdi>%(id)s &amp; co</bdi>" in html
    assert 'href="/%25%28id%29s%20%26%20co/7"' in html
