"""Makes a folder of files part of a program: a C table of paths, and one file of bytes that the assembler includes."""

import gzip
import hashlib
import pathlib

TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2", ".woff": "font/woff", ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}
COMPRESSED = (".png", ".woff", ".woff2")  # already
INDEX = "index.html"


def paths_of(name):
    """Under which paths a file is served. The index is what one gets who types the console's address."""
    return ["/console", "/console/"] if name == INDEX else [f"/console/{name}"]


def pages_of(folder):
    """[(path, content type, etag, bytes, gzipped, lasting)], the same for the same files."""
    pages = []
    for file in sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        content = file.read_bytes()
        gzipped = file.suffix not in COMPRESSED
        sent = gzip.compress(content, 9, mtime=0) if gzipped else content
        etag = hashlib.sha256(content).hexdigest()[:24]
        for path in paths_of(name):
            pages.append((path, TYPES[file.suffix], etag, sent, gzipped, name.startswith("assets/")))
    return pages


def left_out(why):
    """The one page of a program that was built without its console."""
    text = f"This Sallyport was built without its web console: {why}.\n".encode()
    etag = hashlib.sha256(text).hexdigest()[:24]
    return [(path, TYPES[".txt"], etag, text, False, False) for path in ("/console", "/console/")]


def write_if_different(path, content):
    """What did not change is not touched, so that nothing is built anew of it."""
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def embed(pages, out):
    out = pathlib.Path(out)
    blob, rows, at = [], [], {}
    for path, kind, etag, sent, gzipped, lasting in pages:
        if sent not in at:
            at[sent] = sum(map(len, blob))
            blob.append(sent)
        rows.append(f'\t{{ "{path}", "{kind}", "\\"{etag}\\"", text + {at[sent]}, {len(sent)}, '
                    f'{str(gzipped).lower()}, {str(lasting).lower()} }},\n')
    everything = b"".join(blob)
    write_if_different(out / "console_pages.bin", everything)
    # The digest is there so that this file changes when the bytes do: compilers see no further.
    write_if_different(out / "console_pages_text.S", (
        f"/* {hashlib.sha256(everything).hexdigest()} */\n"
        "\t.section .rodata\n\t.globl console_pages_text\n\t.hidden console_pages_text\n"
        "\t.type console_pages_text, %object\nconsole_pages_text:\n"
        f'\t.incbin "{(out / "console_pages.bin").resolve()}"\n'
        "\t.size console_pages_text, . - console_pages_text\n"
        "\t.byte 0\n\t.section .note.GNU-stack,\"\",%progbits\n").encode())
    write_if_different(out / "console_pages.c", (
        '#include "console/console.h"\n\n'
        "extern const unsigned char console_pages_text[] __attribute__((visibility(\"hidden\")));\n"
        "#define text console_pages_text\n\n"
        "const struct api_page console_pages[] = {\n" + "".join(rows) + "\t{ 0 },\n};\n").encode())
