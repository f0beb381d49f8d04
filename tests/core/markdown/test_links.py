"""Where an address begins, where it ends, and what it leads to."""

import pytest

from tests.core.markdown.written import links


@pytest.mark.parametrize(
    ("markdown", "text", "address"),
    [
        ("https://münchen.de/a", "https://münchen.de/a", "https://xn--mnchen-3ya.de/a"),
        ("https://例え.jp/a", "https://例え.jp/a", "https://xn--r8jz45g.jp/a"),
        ("https://пример.рф/", "https://пример.рф/", "https://xn--e1afmkfd.xn--p1ai/"),
        ("www.münchen.de", "www.münchen.de", "http://www.xn--mnchen-3ya.de"),
        ("看https://x.com，再看", "https://x.com", "https://x.com"),
        ("请访问https://x.com查看", "https://x.com", "https://x.com"),
        ("http://localhost:3000에서", "http://localhost:3000", "http://localhost:3000"),
        ("_https://x.com_ https://", "https://x.com", "https://x.com"),
        ("https://[::1]/a", "https://[::1]/a", "https://[::1]/a"),
    ],
)
def test_a_bare_address_may_be_in_any_script(markdown, text, address):
    assert links(markdown) == [(text, address)]


@pytest.mark.parametrize("text", ["http://x_y.com", "http://a.b_c.com/d", "http://_", "www.a_b.c"])
def test_an_address_with_an_underscore_in_its_domain_is_no_link(text):
    assert links(text) == []


def test_an_address_without_a_scheme_leads_to_http():
    assert links("www.x.com and [y](www.y.com)") == [
        ("www.x.com", "http://www.x.com"),
        ("y", "http://www.y.com"),
    ]
