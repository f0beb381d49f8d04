"""What people write after a fence, and the language Notion calls it."""

import pytest

from core.markdown.languages import notion_language


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("shell", "dos|batchfile|env|dotenv|.env|console?lang=en|shell_session"),
        ("arduino", "ino"),
        ("c++", "cu|cuda|c++|C++17|cpp="),
        ("livescript", "ls"),
        ("mermaid", "mmd|mermaid"),
        ("javascript", "javascriptreact|text/javascript|js{1,3}|next.config.js|es2020"),
        ("visual basic", "visual-basic|Visual_Basic"),
        ("plain text", "plain_text|text/plain|klingon|s3|m4|"),
        ("objective-c", "objective c|Objective-C"),
        ("llvm ir", "llvm-ir"),
        (
            "python",
            "python3.11|python=|python-repl|python_console|pytb|bazel|text/x-python|main.py",
        ),
        ("html", "html+erb|html/xml"),
        ("json", "application/json|package.json"),
        ("diff", "diff-js|diff-python|patch"),
        ("css", "styl"),
        ("ascii art", "ascii|ascii-art"),
        ("f#", "F Sharp|f#|f-sharp"),
        ("c#", "C Sharp|c_sharp"),
        ("c", "c|c99|main.c|h"),
    ],
)
def test_every_spelling_of_a_language_is_known(language, names):
    assert {name: notion_language(name) for name in names.split("|")} == dict.fromkeys(
        names.split("|"), language
    )
