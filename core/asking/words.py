"""The words of a question that tell what it is about, and where they stand. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

MOST_WORDS = 12
"""Telling words of one question; what comes after them tells little more."""

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_GAP = "\n\n…\n\n"

# English, German, French, Spanish, Portuguese, Italian and Dutch: words that every page has.
_COMMON = """
    a about after all also am an and any are as at be because been before but by can could did do
    does for from get give had has have he her here him his how i if in into is it its just know
    let like many me more most much must my need no not of on only or other our out over page
    pages please say says she should show so some tell than that the their them then there these
    they this those to too up us was we were what what's when where which who whom whose why will
    with would you your notion
    aber alle als also am an auch auf aus bei bin bis bitte da das dass dein dem den der des die
    dies diese dieser doch du ein eine einem einen einer eines er es für gibt habe haben hat hatte
    ich ihr im in ist ja kann kein keine können man mein mich mir mit muss müssen nach nicht noch
    nur oder sein seine seite sich sie sind so soll sollen über um und uns unser unsere unter vom
    von vor wann war waren warum was weil welche welchem welchen welcher welches wenn wer werden
    wie wieso wieviel wir wird wo zu zum zur
    au aux avec avons ce ces cette combien comment dans de des du elle elles en est et être il ils
    je la le les leur lui ma mais mes mon ne nos notre nous on ont ou où par pas peut plus pour
    pourquoi quand que quel quelle quelles quels qui quoi sa se ses son sont sur ta tes ton tu un
    une votre vos vous
    al algo como cómo con cual cuál cuales cuáles cuando cuándo cuanto cuánto de del donde dónde el
    ella ellos en era es esa ese eso esta está están este esto ha hay la las lo los más mi muy
    nosotros nuestra nuestro o para pero por porque qué quien quién se ser si sin sobre son su sus
    también tenemos tiene un una uno y ya
    ao aos às com da das do dos e ela ele em essa esse está foi há isso já mais mas meu minha na não
    nas nos nossa nosso os ou pela pelo por qual quais quando quanto quem são seu sua também tem
    temos uma você
    ai alla alle anche che chi ci come con cosa cui da dal dalla dei della delle di dove è gli hanno
    ho i il in io la le lo loro ma mi nel nella noi non nostra nostro per perché più quale quali
    quando quanto quello questa questo sono sul sulla suo tra un una uno vi voi
    aan bij dan dat de der deze die dit een en er geen had heb heeft het hij hoe hun ik in is je
    kan maar met mijn naar niet nog of om onder ons onze ook op te tot uit van veel voor waar
    waarom wanneer was wat we welk welke wie wij worden ze zich zij zijn zou
"""
_STOP = frozenset(_COMMON.split())


def folded(text: str) -> str:
    """The text as it is compared: without case, in one spelling of each letter."""
    return unicodedata.normalize("NFKC", text).casefold()


def telling(question: str) -> list[str]:
    """The words that tell what a question is about, in its order, each once.

    Where all of them are common ones, all of them. What is written without spaces is taken two
    letters at a time.
    """
    every = [word for found in _WORD.findall(folded(question)) for word in _split(found)]
    told = [word for word in every if word not in _STOP and (len(word) > 1 or word.isdigit())]
    return list(dict.fromkeys(told or every))[:MOST_WORDS]


def _split(word: str) -> list[str]:
    if not _WIDE.search(word) or len(word) <= 2:
        return [word]
    return [word[at : at + 2] for at in range(len(word) - 1)]


def hits(words: Sequence[str], text: str) -> int:
    """How many of the words a text has, in this form or another of the same stem."""
    there = folded(text)
    # A word is looked for where one begins: “age” is not in “page”.
    return sum(bool(_pattern(word).search(there)) for word in words)


def _pattern(word: str) -> re.Pattern[str]:
    # `re` keeps what it compiled.
    if _WIDE.search(word):
        return re.compile(re.escape(word))
    stem = word if len(word) <= 4 else word[: max(4, len(word) - 3)]
    return re.compile(rf"(?<![^\W_]){re.escape(stem)}" + ("" if len(word) > 3 else r"(?![^\W_])"))


def passages(text: str, words: Sequence[str], limit: int) -> str:
    """What of a text has the most of the words, in its order, in at most `limit` characters.

    A short text is whole. Where a part is left out stands an ellipsis, and no word is cut that
    stands between spaces.
    """
    text = text.strip()
    if len(text) <= limit:
        return text
    parts = _parts(text, limit)
    best = sorted(range(len(parts)), key=lambda at: (-hits(words, parts[at].text), at))
    left, kept = limit, set[int]()
    for at in best:
        cost = len(parts[at].text) + len(_GAP)
        if cost <= left:
            kept.add(at)
            left -= cost
    return _joined(parts, sorted(kept))


class _Part(NamedTuple):
    text: str
    glue: str
    """What stands between it and the part before."""


def _parts(text: str, limit: int) -> list[_Part]:
    """Paragraphs, a heading with what follows it, none longer than a quarter of the limit."""
    most = max(1, limit // 4 - len(_GAP))
    found: list[_Part] = []
    heading = ""
    for block in re.split(r"\n\s*\n", text):
        whole = f"{heading}\n\n{block}" if heading else block
        heading = ""
        if re.fullmatch(r"\s*#{1,6} [^\n]*", block):
            heading = whole if len(whole) <= most else ""
            continue
        found += _cut(whole, most)
    return [*found, _Part(heading, "\n\n")] if heading else found


def _cut(block: str, most: int) -> Iterator[_Part]:
    """Pieces of a block: whole lines where they fit, else whole words, else as many characters."""
    glue = "\n\n"
    while len(block) > most:
        ends = (block.rfind(each, most // 2, most + 1) for each in "\n ")
        end = next((end for end in ends if end > 0), None)
        if end is None:
            yield _Part(block[:most], glue)
            block, glue = block[most:], ""
        else:
            yield _Part(block[:end].rstrip(" "), glue)
            glue, block = block[end], block[end + 1 :]
    if block.strip():
        yield _Part(block, glue)


def _joined(parts: Sequence[_Part], kept: Iterable[int]) -> str:
    pieces: list[str] = []
    last = -1
    for at in kept:
        if pieces:
            pieces.append(parts[at].glue if at == last + 1 else _GAP)
        pieces.append(parts[at].text)
        last = at
    return "".join(pieces)
