#!/usr/bin/env python3
"""The web console: what is served without a signature, and nothing beside it."""

import gzip
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import harness  # noqa: E402

TABLE = harness.BUILD / "src" / "console" / "console_pages.c"
ROW = re.compile(r'^\t\{ "([^"]+)", "([^"]+)", "\\"(\w+)\\""', re.MULTILINE)
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
           "Cross-Origin-Opener-Policy": "same-origin", "Vary": "Accept-Encoding"}
INDEXES = ("/console", "/console/")


def table():
    """{path: (content type, etag)} of what the program was built with."""
    return {path: (kind, etag) for path, kind, etag in ROW.findall(TABLE.read_text(encoding="ascii"))}


def ask(daemon, path, method="GET", **headers):
    words = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return daemon.client.send("sallyport", aws.Request(method, path, words), sign=False)


def header(response, name):
    return (response.header(name) or [None])[0]


def policy_of(response):
    """{directive: sources}"""
    parts = [part.split() for part in header(response, "Content-Security-Policy").split(";")]
    return {name: sources for name, *sources in parts}


def serving(story, daemon):
    pages = table()
    built = len(pages) > len(INDEXES)

    with story.case("each of the console's files is there without a signature, and a browser may keep what has its digest in its name"):
        for path, (kind, etag) in pages.items():
            answer = ask(daemon, path)
            assert answer.status == 200, (path, answer.status)
            assert header(answer, "Content-Type") == kind and header(answer, "ETag") == f'"{etag}"', (path, answer.headers)
            assert {name: header(answer, name) for name in HEADERS} == HEADERS, (path, answer.headers)
            lasting = path.startswith("/console/assets/")
            wanted = "public, max-age=31536000, immutable" if lasting else "no-cache"
            assert header(answer, "Cache-Control") == wanted, (path, answer.headers)
            content = gzip.decompress(answer.body) if header(answer, "Content-Encoding") == "gzip" else answer.body
            assert content, path

    with story.case("the policy lets nothing in from elsewhere, no script or style inside a page, and no eval"):
        policy = policy_of(ask(daemon, "/console/"))
        assert policy["default-src"] == ["'none'"] and policy["script-src"] == ["'self'"], policy
        assert policy["style-src"] == ["'self'"] and policy["connect-src"] == ["'self'"], policy
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == ["'none'"], policy
        assert {source for sources in policy.values() for source in sources} == {"'self'", "'none'", "data:"}, policy

    with story.case("what a browser has already is not sent again"):
        for path, (_kind, etag) in list(pages.items())[:3]:
            again = ask(daemon, path, If_None_Match=f'W/"{etag}"')
            assert (again.status, again.body) == (304, b"") and header(again, "ETag") == f'"{etag}"', (path, again.headers)
            assert header(again, "Cache-Control"), again.headers
            assert ask(daemon, path, If_None_Match='"0"').status == 200
            head = ask(daemon, path, "HEAD")
            assert (head.status, head.body) == (200, b"") and int(header(head, "Content-Length")) > 0, head.headers

    with story.case("a client that takes no gzip is told so"):
        if not built:
            raise harness.Skip("this program was built without its console")
        answer = ask(daemon, "/console/", Accept_Encoding="identity")
        assert answer.status == 406 and b"gzip" in answer.body, (answer.status, answer.body)
        assert header(ask(daemon, "/console/", Accept_Encoding="br, gzip;q=0.5"), "Content-Encoding") == "gzip"

    with story.case("nothing else under those paths is answered without a signature"):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            assert ask(daemon, "/console/", method).status == 403, method
        some = next(path for path in pages)
        for path in ("/", "/console/../v1/transfers", "/console/%2e%2e/v1/transfers", "/console//", "/console/assets/",
                     "/console/index.html", "/CONSOLE/", "/console;/v1/transfers", f"/{some}", f"{some}/x", f"{some}%00",
                     "/v1/transfers?/console/", "/metrics", "/v1/events"):
            answer = ask(daemon, path)
            assert answer.status in (400, 403), (path, answer.status, answer.body[:200])
            assert b"html" not in answer.body[:200], (path, answer.body[:200])

    with story.case("a program that was built without its console says so"):
        if built:
            raise harness.Skip("this program was built with its console")
        assert b"was built without its web console" in ask(daemon, "/console/").body


with harness.Story() as story:
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    serving(story, daemon)
