import pytest

from core.asking.words import hits, passages, telling


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("When do we launch the mobile app?", ["launch", "mobile", "app"]),
        ("Wann ist die Übergabe an das Team in München?", ["übergabe", "team", "münchen"]),
        ("¿Cuándo es el lanzamiento?", ["lanzamiento"]),
        ("What is it?", ["what", "is", "it"]),
        ("Launch, LAUNCH and launch", ["launch"]),
        ("発売日は", ["発売", "売日", "日は"]),
        ("Q3 2026 v1.2 O'Brien", ["q3", "2026", "v1.2", "o'brien"]),
        ("?!", []),
    ],
)
def test_the_words_that_tell_are_picked(question: str, words: list[str]) -> None:
    assert telling(question) == words


def test_a_long_question_has_a_bounded_number_of_words() -> None:
    assert len(telling(" ".join(f"word{n}" for n in range(500)))) == 12


@pytest.mark.parametrize(
    ("word", "text", "there"),
    [
        ("deploying", "Deployment of the app", True),
        ("age", "a page of it", False),
        ("app", "the app.", True),
        ("app", "an apple", False),
        ("münchen", "MÜNCHEN", True),
        ("発売", "新発売の日", True),
        ("c++", "c++", True),
    ],
)
def test_a_word_is_found_in_any_of_its_forms(word: str, text: str, there: bool) -> None:
    assert bool(hits([word], text)) is there


def test_the_best_passages_of_a_long_page_stay_in_their_order() -> None:
    filler = "\n\n".join(f"Paragraph {n} about nothing much at all." for n in range(200))
    text = f"{filler}\n\n## Dates\n\nWe launch in May.\n\n{filler}\n\nThe launch is in Oslo."
    found = passages(text, ["launch"], 600)
    assert len(found) <= 600
    assert found.index("## Dates\n\nWe launch in May.") < found.index("The launch is in Oslo.")
    assert "\n\n…\n\n" in found


def test_a_short_page_is_whole_and_one_without_paragraphs_is_cut() -> None:
    assert passages(" All of it. ", ["launch"], 600) == "All of it."
    assert 0 < len(passages("x" * 5000 + " launch", ["launch"], 600)) <= 600


def test_no_word_is_cut_and_nothing_stands_twice() -> None:
    items = [f"- point{n} says something of its own about bakeries" for n in range(40)]
    prose = " ".join(f"word{n}" for n in range(400))
    for text in ("\n".join(items), prose, "## Plan\n\n" + "\n".join(items)):
        found = passages(text, ["point7", "word9", "word300"], 500)
        assert len(found) <= 500
        there = set(text.split())
        said = [word for word in found.split() if word not in ("…", "-", "##")]
        assert set(said) <= there
        for name in (word for word in said if word[-1].isdigit()):
            assert said.count(name) == 1
    lines = passages("\n".join(items), ["point7"], 500).split("\n\n…\n\n")
    assert all(line in items for part in lines for line in part.splitlines())


def test_neighbouring_pieces_of_a_paragraph_are_one_again() -> None:
    text = " ".join(f"launch{n}" for n in range(200))
    found = passages(text, ["launch"], 400)
    assert found
    assert text.startswith(found), "the first pieces, as they stood"
