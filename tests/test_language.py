"""Plain English: banned phrases and decimals without a zero, wherever people read.

Read are the Markdown files without their code, and of every Python and HTML file the
docstrings, comments, and strings with a space in them.
"""

import ast
import io
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMES_ALLOWED = re.compile(
    r"standing[ _-]statistics|statistics='?standing|'standing'", flags=re.IGNORECASE
)

# Phrase -> a sentence that has it and nothing else that is banned.
BANNED = {
    r"who(m)?ever": "The loss of whoever made the samples.",
    r"(what|which|where)ever": "Whatever the batch holds is counted.",
    r"(that|those) of": "The seed differs from that of the other run.",
    r"of (its|their) own": "Each run has a folder of its own.",
    r"stands?|stood|standing": "The score stands in the file.",
    r"(is|are|was|were|be|been) told": "The generator is told the label.",
    r"told": "Samples told apart by a classifier.",
    r"what it leaves": "The command prints what it leaves.",
    r"one and the same": "Both use one and the same key.",
    r"the very": "The run has the very bits of the other.",
    r"nothing but": "The state is nothing but arrays.",
    r"let alone": "The rest is let alone.",
    r"besides": "The critic pays for fakes besides.",
    r"beside (it|each|every|its|their)": "Its floor is beside it.",
    r"(is|are|was|were) of (a|an|the|its|their|this|that|each|every|all|one|no)\b": (
        "The penalty is of the gradient."
    ),
    r"(cannot|could not|can|to) be had": "The extractor cannot be had.",
    r"at once": "All members run at once.",
    r"by itself": "The name by itself is enough.",
    r"says? so|said so": "The module mixes samples and says so.",
    r"says? (what|of)": "The message says what is wrong.",
    r"knows? of": "The report knows of no scores.",
    r"(goes|go|does|do|did|went) without": "The run goes without a picture.",
    r"so (many|much) as": "The batch has so many as the file.",
    r"thereby|thereof|hence|whence|whereby|therein|herein": "Thereby the batch grows.",
    r"and the like": "Losses, penalties and the like.",
    r"an? datum": "A datum and a latent.",
    r"anew": "The key is drawn anew.",
    r"a (sample|step|run|trial|class|device|member) each": "They take a step each.",
}
BARE_DECIMAL = r"(?<![\w.)\]}'\"/*%])-?\.\d+\b"
PATTERN = re.compile(
    "|".join(rf"\b(?:{phrase})\b" for phrase in BANNED) + f"|{BARE_DECIMAL}",
    flags=re.IGNORECASE,
)


def prose_of_python(text):
    """``(line, text)`` of every docstring, comment, and string with a space."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    tree = ast.parse(text)
    inside = [
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if isinstance(part, ast.FormattedValue)
        for part in ast.walk(part)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if " " in node.value.strip() and id(node) not in inside:
                yield node.lineno, node.value


def prose_of_markdown(text):
    """``(line, text)`` of every paragraph outside of code."""
    code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            code = not code
        elif not code and not line.startswith("    "):
            yield number, re.sub(r"`[^`]*`|\]\([^)]*\)", "", line)


def prose_of_html(text):
    """``(line, text)`` outside of tags, templates and styles."""
    text = re.sub(r"(?s)<style.*?</style>|<script.*?</script>", "", text)
    for number, line in enumerate(text.splitlines(), 1):
        yield number, re.sub(r"\{[{%#].*?[}%#]\}|<[^>]*>", "", line)


READERS = {".py": prose_of_python, ".md": prose_of_markdown, ".html": prose_of_html}


def found_in(name, text):
    """``path:line: phrase`` for each banned phrase and bare decimal of a file."""
    places = []
    for first, part in READERS[Path(name).suffix](text):
        plain = NAMES_ALLOWED.sub(lambda m: "x" * len(m.group()), part)
        plain = re.sub(r"``[^`]*``", lambda m: "x" * len(m.group()), plain)
        for match in PATTERN.finditer(plain.replace("\n", " ")):
            line = first + part[: match.start()].count("\n")
            places.append(f"{name}:{line}: {match.group().strip()!r}")
    return places


def files():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = [name for name in listed.stdout.split() if Path(name).suffix in READERS]
    return [name for name in names if (ROOT / name).exists() and name != OWN]


OWN = Path(__file__).relative_to(ROOT).as_posix()


def test_the_repository_is_in_plain_english():
    places = [x for name in files() for x in found_in(name, (ROOT / name).read_text())]
    assert not places, "\n".join(places)


@pytest.mark.parametrize("phrase", BANNED)
def test_a_planted_sentence_of_each_kind_is_found(phrase):
    sentence = BANNED[phrase]
    assert re.search(rf"\b(?:{phrase})\b", sentence, flags=re.IGNORECASE)
    for name, text in (
        ("a.py", f'def f():\n    """{sentence}"""\n'),
        ("b.py", f"x = 1\n# {sentence}\n"),
        ("c.py", f'x = 1\nraise ValueError(f"{{x}}: {sentence}")\n'),
        ("d.md", f"# Title\n{sentence}\n"),
        ("e.html", f"<p>\n{sentence}</p>\n"),
    ):
        (place,) = set(found_in(name, text))
        assert place.startswith(f"{name}:{1 if name == 'x' else 2}: ")


@pytest.mark.parametrize("number", [".5", "-.25", "(.92)", "above .1,"])
def test_a_planted_decimal_without_a_zero_is_found(number):
    assert found_in("a.md", f"The score is {number} here.\n")


@pytest.mark.parametrize(
    "fine",
    ["0.5", "1.25", "version 3.11", "jax.nn.relu", "file.1", "configs/a.py"],
)
def test_a_plain_sentence_is_left_alone(fine):
    assert found_in("a.md", f"Standing statistics use {fine} here.\n") == []
