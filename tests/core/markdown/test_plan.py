"""Requests within Notion's limits that write exactly the tree."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from core.markdown import Request, notion_blocks, plan


def children_of(block):
    return block[block["type"]].get("children", [])


def execute(requests):
    """A page as Notion would hold it after the requests."""
    page = {"type": "page", "page": {}}
    for request in requests:
        parent = page
        for index in request.parent:
            parent = children_of(parent)[index]
        held = parent[parent["type"]].setdefault("children", [])
        assert len(held) == request.first
        held.extend(json.loads(json.dumps(request.children)))
    return children_of(page)


def check_limits(requests):
    for number, request in enumerate(requests):
        reserved = 1 if number == 0 else 0
        assert len(json.dumps(request.children)) <= 450_000
        assert count(request.children) <= 1000 - reserved
        assert len(request.children) <= 100 - reserved
        check_nesting(request.children, 2)


def count(blocks):
    return sum(1 + count(children_of(block)) for block in blocks)


def check_nesting(blocks, levels):
    assert len(blocks) <= 100
    for block in blocks:
        assert block["type"] != "table" or children_of(block)
        if children_of(block):
            assert levels
            check_nesting(children_of(block), levels - 1)


def check(blocks, requests_at_most=None):
    requests = plan(blocks)
    check_limits(requests)
    assert execute(requests) == blocks
    if requests_at_most:
        assert len(requests) <= requests_at_most
    return requests


def leaf(children=(), text="x", kind="bulleted_list_item"):
    body = {"rich_text": [{"type": "text", "text": {"content": text}}]}
    if children:
        body["children"] = list(children)
    return {"object": "block", "type": kind, kind: body}


trees = st.recursive(
    st.builds(leaf),
    lambda inner: st.builds(leaf, st.lists(inner, max_size=5)),
    max_leaves=40,
)


def test_an_empty_page_is_one_request():
    assert plan([]) == [Request((), 0, [])]


def test_the_first_request_leaves_room_for_a_footer():
    requests = check([leaf()] * 199)
    assert [len(request.children) for request in requests] == [99, 100]


def test_two_levels_of_nesting_are_one_request():
    check([leaf([leaf([leaf()])])], 1)


def test_deeper_levels_wait_for_a_request_of_their_own():
    assert check([leaf([leaf([leaf([leaf()] * 5)] * 5)])], 2)[1].parent == (0,)


def test_many_deep_children_of_one_block_cost_one_request():
    check([leaf([leaf([leaf([leaf()])]) for _ in range(30)])], 2)


def test_a_long_list_of_children_is_appended_in_hundreds():
    requests = check([leaf([leaf()] * 250)], 3)
    assert [request.first for request in requests] == [0, 100, 200]


def test_a_table_travels_with_its_first_rows():
    rows = "".join(f"| {row} | b |\n" for row in range(250))
    check(notion_blocks(f"| a | b |\n|---|---|\n{rows}"), 3)


def test_blocks_may_nest_deeper_than_json_is_written():
    block = leaf()
    for _ in range(5000):
        block = leaf([block])
    requests = plan([block])
    assert sum(len(request.children) for request in requests) <= len(requests) == 1667


def test_a_table_too_deep_waits_with_its_parent():
    check(notion_blocks("- a\n  - b\n    - c\n\n      |d|\n      |-|\n      |e|\n"), 2)


def test_heavy_text_is_spread_over_requests():
    check([leaf(text="字" * 2000) for _ in range(90)], 4)


def test_one_block_too_large_for_a_request_is_written_in_turns():
    check([leaf([leaf([leaf()] * 50) for _ in range(60)])])


def test_five_thousand_quotes_can_be_written():
    check(notion_blocks(">" * 5000 + " x"))


@given(st.lists(trees, max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_tree_is_written_as_it_is(blocks):
    check(blocks)
