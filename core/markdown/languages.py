"""The languages a Notion code block knows, and the names people give them.

The set is `languageRequest` in Notion's specification for version 2026-03-11; any other name
makes Notion refuse the whole request.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

PLAIN = "plain text"
_LONGEST_NAME = 100
_JOINTS = re.compile(r"[-_\s]+")

LANGUAGES = frozenset(
    """abap|abc|agda|arduino|ascii art|assembly|bash|basic|bnf|c|c#|c++|clojure|coffeescript|coq
    |css|dart|dhall|diff|docker|ebnf|elixir|elm|erlang|f#|flow|fortran|gherkin|glsl|go|graphql
    |groovy|haskell|hcl|html|idris|java|javascript|json|julia|kotlin|latex|less|lisp|livescript
    |llvm ir|lua|makefile|markdown|markup|matlab|mathematica|mermaid|nix|notion formula
    |objective-c|ocaml|pascal|perl|php|plain text|powershell|prolog|protobuf|purescript|python|r
    |racket|reason|ruby|rust|sass|scala|scheme|scss|shell|smalltalk|solidity|sql|swift|toml
    |typescript|vb.net|verilog|vhdl|visual basic|webassembly|xml|yaml|java/c/c++/c#""".replace(
        "\n    ", ""
    ).split("|")
)

_ALIASES = {
    "arduino": "ino",
    "ascii art": "ascii",
    "c": "h",
    "c#": "cs csharp c-sharp dotnet",
    "c++": "cu cuda cpp cc cxx c++11 c++14 c++17 c++20 hpp hxx hh cplusplus",
    "clojure": "clj cljs cljc edn clojurescript",
    "coffeescript": "coffee cson",
    "css": "styl stylus postcss",
    "diff": "patch udiff",
    "docker": "dockerfile containerfile",
    "elixir": "ex exs heex",
    "erlang": "erl hrl",
    "f#": "fs fsharp fsx fsi",
    "fortran": "f90 f95 f03 f08 f77 fortran90",
    "gherkin": "feature cucumber",
    "glsl": "hlsl wgsl frag vert shader",
    "go": "golang gomod",
    "graphql": "gql",
    "groovy": "gradle jenkinsfile",
    "haskell": "hs lhs",
    "hcl": "tf terraform tfvars hashicorp",
    "html": "htm xhtml vue svelte astro handlebars hbs jinja jinja2 erb ejs django twig liquid",
    "javascript": "javascriptreact es js jsx mjs cjs node nodejs ecmascript es6 react",
    "json": "jsonc json5 jsonl ndjson geojson webmanifest",
    "julia": "jl",
    "kotlin": "kt kts",
    "latex": "tex katex math bibtex",
    "livescript": "ls",
    "lisp": "common-lisp commonlisp cl elisp emacs-lisp",
    "llvm ir": "llvm ll",
    "makefile": "make mk gnumake mak",
    "markdown": "md mdx mkd mdown rmd",
    "markup": "sgml",
    "mathematica": "wolfram wl nb",
    "matlab": "octave",
    "assembly": "asm nasm x86asm s gas armasm mips masm",
    "mermaid": "mmd",
    "nix": "nixos",
    "objective-c": "objc obj-c objectivec objective-c++ objcpp m mm",
    "ocaml": "ml mli reasonml",
    "pascal": "delphi objectpascal pas",
    "perl": "pl pm perl5",
    "php": "php3 php5 php7 php8 phtml blade",
    "plain text": "text txt plain plaintext none output console-output log logs raw",
    "powershell": "ps1 ps pwsh posh psm1",
    "prolog": "swipl",
    "protobuf": "proto proto3 protocol-buffers",
    "purescript": "purs",
    "python": "py py3 python3 python2 ipython pyi gyp bzl bazel starlark pycon pytb sage jupyter "
    "python-repl python-console",
    "r": "rlang rscript",
    "racket": "rkt",
    "reason": "re",
    "ruby": "rb rake gemfile jruby irb gemspec",
    "rust": "rs rust-lang",
    "scheme": "scm",
    "shell": "sh zsh fish ksh csh tcsh dash console shell-session shellsession terminal "
    "sh-session bash-session cmd bat batch batchfile dos dosbatch command-line shellscript "
    "env dotenv",
    "smalltalk": "st squeak",
    "solidity": "sol",
    "sql": "mysql postgres postgresql psql plsql pgsql tsql sqlite sqlite3 mssql mariadb ddl",
    "toml": "ini cfg conf properties editorconfig",
    "typescript": "ts tsx mts cts deno typescriptreact",
    "vb.net": "vb vbnet",
    "verilog": "systemverilog sv v svh",
    "visual basic": "vba vbs vbscript vb6 visualbasic",
    "webassembly": "wasm wat wast",
    "xml": "svg rss atom xsl xslt xsd plist xaml wsdl pom rdf mathml",
    "yaml": "yml docker-compose k8s kubernetes openapi",
}
_BY_ALIAS = {alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()}


@lru_cache(maxsize=256)
def notion_language(info: str) -> str:
    """The language for a fence's info string, as Notion spells it; `plain text` when unknown.

    Takes `Python `, `python title="x"`, `{.python}`, `language-python`, `python:app.py`, `main.py`,
    `text/x-python`, `python3.11`, `html+erb`, `C Sharp`, `console?lang=en`.
    """
    for spelling in _spellings(info.strip().lower()[:_LONGEST_NAME]):
        for joint in (None, " ", "-", ""):
            name = spelling if joint is None else _JOINTS.sub(joint, spelling)
            if name in LANGUAGES:
                return name
            if name in _BY_ALIAS:
                return _BY_ALIAS[name]
    return PLAIN


def _spellings(info: str) -> Iterator[str]:
    """What may name the language, the likeliest first."""
    yield info
    word = re.split(r"[\s,{}:;]+", info.strip("{} \t"))[0].lstrip(".")
    word = re.sub(r"^(?:language-|lang-|(?:application|text|image)/(?:x-)?)", "", word)
    yield word
    word = re.split("[?=]", word)[0]
    yield word
    yield word.rpartition(".")[2]  # the ending of a file's name
    word = re.split("[+/]", word)[0]
    yield word
    if word.startswith("diff-"):  # of code in a language
        yield "diff"
    unversioned = re.sub(r"[-_]?[\d.]+$", "", word)
    if len(unversioned) > 1 or unversioned == "c":
        yield unversioned
