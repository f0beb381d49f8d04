"""Notion blocks in few words, for the tests."""

from core.markdown import notion_blocks


def words(rich_text):
    return "".join(
        item["text"]["content"] if item["type"] == "text" else item["equation"]["expression"]
        for item in rich_text
    )


def outline(markdown):
    """(type, text) of the top blocks; of an image its address, of an equation its expression."""
    return [(block["type"], _text(block)) for block in notion_blocks(markdown)]


def _text(block):
    body = block[block["type"]]
    if block["type"] == "image":
        return body["external"]["url"]
    return body.get("expression") or words(body.get("rich_text", []))


def only(markdown):
    """The body of the one block there is."""
    (block,) = notion_blocks(markdown)
    return block[block["type"]]


def formulas(markdown):
    """The expressions inside the sentences of the one block there is."""
    return [
        item["equation"]["expression"]
        for item in only(markdown)["rich_text"]
        if item["type"] == "equation"
    ]


def links(markdown):
    """(text, address) of the linked runs of the one block there is."""
    return [
        (item["text"]["content"], item["text"]["link"]["url"])
        for item in only(markdown)["rich_text"]
        if item["type"] == "text" and "link" in item["text"]
    ]


def cells(table):
    """The words of each cell of a table's body."""
    return [[words(cell) for cell in row["table_row"]["cells"]] for row in table["children"]]
