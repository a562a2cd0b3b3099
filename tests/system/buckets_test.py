#!/usr/bin/env python3
"""The bucket door, request by request: what S3's clients may ask of a bucket that is a folder, and what is refused."""

import contextlib
import datetime
import hashlib
import http.client
import os
import pathlib
import resource
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import harness  # noqa: E402
import s3  # noqa: E402
from s3 import code_of, path_of, send, texts  # noqa: E402
import storage  # noqa: E402

SIGNED, SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
LARGE_COPY = 80 << 20  # more than is copied before it is answered
SUM = "x-amz-checksum-crc32"
ODD_KEYS = ["a b", "plus+and=and%", "é/ü", "a!b*c'(d)", "x" * 255, "deep/" * 20 + "file", "~tilde", "percent%41", "q?mark", "#hash"]


def leftovers(folder):
    """What lies in .sallyport."""
    staging = folder / ".sallyport"
    return sorted(path.name for path in staging.iterdir()) if staging.exists() else []


def buckets(client, daemon):
    with_case = daemon.story.case
    with with_case("a bucket is made, found, listed and removed"):
        assert send(client, "PUT", "/made").status == 200
        assert (daemon.state / "buckets" / "made").is_dir()
        assert send(client, "HEAD", "/made").status == 200
        assert texts(send(client, "GET", "/"), "Name") == ["elsewhere", "made", "mounted", "things"]
        assert code_of(send(client, "PUT", "/made")) == "BucketAlreadyOwnedByYou"
        assert send(client, "GET", "/made?location").status == 200
        assert send(client, "GET", "/made?versioning").status == 200
        assert send(client, "PUT", "/made/in/it", b"x").status == 200
        assert code_of(send(client, "DELETE", "/made")) == "BucketNotEmpty"
        assert send(client, "DELETE", "/made/in/it").status == 204
        assert send(client, "DELETE", "/made").status == 204
        assert send(client, "HEAD", "/made").status == 404
        assert code_of(send(client, "DELETE", "/made")) == "NoSuchBucket"

    with with_case("what no bucket can be called, or is elsewhere, is refused"):
        assert code_of(send(client, "PUT", "/No_Bucket")) == "InvalidBucketName"
        body = b"<CreateBucketConfiguration><LocationConstraint>mars-1</LocationConstraint></CreateBucketConfiguration>"
        assert code_of(send(client, "PUT", "/other", body)) == "IllegalLocationConstraintException"
        assert code_of(send(client, "PUT", "/other", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>")) == "MalformedXML"
        assert code_of(send(client, "PUT", "/other", b"<x>")) == "MalformedXML"


    with with_case("a bucket at storage is listed and found, and neither made nor removed; its objects are elsewhere"):
        days = dict(zip(texts(send(client, "GET", "/"), "Name"), texts(send(client, "GET", "/"), "CreationDate")))
        assert abs(datetime.datetime.fromisoformat(days["elsewhere"]).timestamp() - time.time()) < 600, days
        assert send(client, "HEAD", "/elsewhere").status == 200 and send(client, "GET", "/elsewhere?location").status == 200
        assert code_of(send(client, "PUT", "/elsewhere")) == "BucketAlreadyOwnedByYou"
        refused = send(client, "DELETE", "/elsewhere")
        assert code_of(refused) == "AccessDenied" and b"bucket.elsewhere" in refused.body, refused.body
        for method, target in (("GET", "/elsewhere"), ("GET", "/elsewhere/k"), ("PUT", "/elsewhere/k"), ("DELETE", "/elsewhere/k"),
                               ("GET", "/elsewhere?versioning"), ("GET", "/elsewhere?uploads"), ("POST", "/elsewhere/k?uploads")):
            answer = send(client, method, target)
            assert (answer.status, code_of(answer)) == (501, "NotImplemented"), (method, target, answer.body)


def objects(client, daemon, folder):
    case = daemon.story.case
    with case("keys of many kinds come back as they were"):
        for key in ODD_KEYS:
            data = os.urandom(1000)
            put = send(client, "PUT", path_of("things", key), data, [("x-amz-meta-name", "value of it"), ("Content-Type", "text/x-odd")])
            assert put.status == 200, (key, put.body)
            assert (folder / key).read_bytes() == data
            got = send(client, "GET", path_of("things", key))
            assert got.body == data, key
            assert got.header("ETag") == put.header("ETag") == [f'"{hashlib.md5(data).hexdigest()}"']
            assert got.header("x-amz-meta-name") == ["value of it"] and got.header("Content-Type") == ["text/x-odd"]
            head = send(client, "HEAD", path_of("things", key))
            assert (head.status, head.header("Content-Length"), head.body) == (200, ["1000"], b"")
        listed = texts(send(client, "GET", path_of("things", query="list-type=2")), "Key")
        assert listed == sorted(ODD_KEYS, key=str.encode), listed
        for key in ODD_KEYS:
            assert send(client, "DELETE", path_of("things", key)).status == 204
            assert code_of(send(client, "GET", path_of("things", key))) == "NoSuchKey"
            assert send(client, "DELETE", path_of("things", key)).status == 204

    with case("a range is a part, and one outside is refused"):
        data = bytes(range(256)) * 40
        assert send(client, "PUT", "/things/range", data).status == 200
        size = len(data)
        for text, start, end in (("bytes=0-9", 0, 10), ("bytes=100-", 100, size), ("bytes=-7", size - 7, size),
                                 ("bytes=5-99999999", 5, size), ("bytes=-99999999", 0, size)):
            part = send(client, "GET", "/things/range", headers=[("Range", text)])
            assert (part.status, part.body) == (206, data[start:end]), text
            assert part.header("Content-Range") == [f"bytes {start}-{end - 1}/{size}"]
        for text in ("bytes=9-5", "bytes=x-", "lines=1-2", "bytes=0-1,4-5"):
            assert send(client, "GET", "/things/range", headers=[("Range", text)]).status == 200, text
        outside = send(client, "GET", "/things/range", headers=[("Range", f"bytes={size}-")])
        assert (outside.status, code_of(outside), outside.header("Content-Range")) == (416, "InvalidRange", [f"bytes */{size}"])

    with case("conditions are those of RFC 9110"):
        got = send(client, "GET", "/things/range")
        etag, modified = got.header("ETag")[0], got.header("Last-Modified")[0]
        old = "Thu, 01 Jan 2015 00:00:00 GMT"
        for name, value, status in (("If-Match", etag, 200), ("If-Match", '"other"', 412), ("If-None-Match", etag, 304),
                                    ("If-None-Match", '"a", ' + etag, 304), ("If-None-Match", '"other"', 200), ("If-Match", "*", 200),
                                    ("If-Modified-Since", modified, 304), ("If-Modified-Since", old, 200),
                                    ("If-Unmodified-Since", modified, 200), ("If-Unmodified-Since", old, 412)):
            for method in ("GET", "HEAD"):
                assert send(client, method, "/things/range", headers=[(name, value)]).status == status, (method, name, value)
        both = [("Range", "bytes=0-4"), ("If-Range", '"other"')]
        assert send(client, "GET", "/things/range", headers=both).status == 200

    with case("a PUT replaces, and with If-None-Match: * it does not"):
        assert send(client, "PUT", "/things/once", b"one", [("If-None-Match", "*")]).status == 200
        assert send(client, "PUT", "/things/once", b"two", [("If-None-Match", "*")]).status == 412
        assert (folder / "once").read_bytes() == b"one"
        assert send(client, "PUT", "/things/once", b"three").status == 200
        assert (folder / "once").read_bytes() == b"three"

    with case("a PUT with If-Match replaces what it names, and nothing else"):
        etag = send(client, "HEAD", "/things/once").header("ETag")[0]
        assert code_of(send(client, "PUT", "/things/once", b"x", [("If-Match", '"other"')])) == "PreconditionFailed"
        assert code_of(send(client, "PUT", "/things/once", b"x", [("If-None-Match", etag)])) == "PreconditionFailed"
        assert code_of(send(client, "PUT", "/things/none", b"x", [("If-Match", etag)])) == "NoSuchKey"
        assert code_of(send(client, "PUT", "/things/none", b"x", [("If-Match", "*")])) == "NoSuchKey"
        assert (folder / "once").read_bytes() == b"three" and not (folder / "none").exists()
        assert send(client, "PUT", "/things/once", b"four", [("If-Match", etag)]).status == 200
        assert send(client, "PUT", "/things/once", b"five", [("If-Match", etag)]).status == 412
        assert send(client, "PUT", "/things/once", b"five", [("If-None-Match", etag)]).status == 200
        assert send(client, "PUT", "/things/once", b"six", [("If-Match", "*")]).status == 200
        (folder / "by-hand").write_bytes(b"theirs")
        etag = send(client, "HEAD", "/things/by-hand").header("ETag")[0]
        assert send(client, "PUT", "/things/by-hand", b"ours", [("If-Match", etag)]).status == 200
        for name in ("If-Modified-Since", "If-Unmodified-Since"):
            assert code_of(send(client, "PUT", "/things/once", b"x", [(name, modified)])) == "NotImplemented"
        assert code_of(send(client, "PUT", "/things/f/", b"", [("If-None-Match", "*")])) == "NotImplemented"
        big = [("If-Match", etag), ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), ("Content-Length", str(1 << 30)), ("Expect", "100-continue")]
        request = aws.Request("PUT", "/things/once", big)
        client.sign("s3", request)
        assert code_of(client.exchange(request)) == "PreconditionFailed"  # and no byte was sent in vain
        client.close()
        assert (folder / "once").read_bytes() == b"six" and leftovers(folder) == []

    with case("of many who change an object at once by its ETag, nobody is passed over"):
        send(client, "PUT", "/things/count", b"0")

        def count():
            own, done = daemon.new_client(), 0
            while done < 10:
                got = send(own, "GET", "/things/count")
                done += send(own, "PUT", "/things/count", str(int(got.body) + 1), [("If-Match", got.header("ETag")[0])]).status == 200
        threads = [threading.Thread(target=count) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (folder / "count").read_bytes() == b"60" and leftovers(folder) == []

    with case("a copy has bytes and metadata, or new ones"):
        send(client, "PUT", "/things/from%20here", b"copied", [("x-amz-meta-a", "b"), ("Content-Type", "text/x-from")])
        source = [("x-amz-copy-source", "/things/from%20here")]
        assert send(client, "PUT", "/things/to", headers=source).status == 200
        got = send(client, "GET", "/things/to")
        assert (got.body, got.header("x-amz-meta-a"), got.header("Content-Type")) == (b"copied", ["b"], ["text/x-from"])
        replace = [("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-c", "d")]
        assert send(client, "PUT", "/things/from%20here", headers=source + replace).status == 200
        got = send(client, "GET", "/things/from%20here")
        assert (got.body, got.header("x-amz-meta-a"), got.header("x-amz-meta-c")) == (b"copied", [], ["d"])
        assert code_of(send(client, "PUT", "/things/to", headers=[("x-amz-copy-source", "things/none")])) == "NoSuchKey"
        assert code_of(send(client, "PUT", "/things/to", headers=[("x-amz-copy-source", "nothing")])) == "InvalidArgument"

    with case("large copies begin their answer at once, and hold up nobody"):
        with open(folder / "large", "wb") as file:
            file.truncate(LARGE_COPY)
        answers = []

        def copy(number):
            answers.append(send(daemon.new_client(), "PUT", f"/things/copied{number}", headers=[("x-amz-copy-source", "/things/large")]))
        threads = [threading.Thread(target=copy, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        started = time.monotonic()
        for _ in range(20):
            assert send(client, "HEAD", "/things/large").status == 200
        assert time.monotonic() - started < 10
        for thread in threads:
            thread.join()
        digest = hashlib.md5(bytes(LARGE_COPY)).hexdigest()
        for answer in answers:
            assert (answer.status, texts(answer, "ETag")) == (200, [f'"{digest}"']), answer.body
        upload = texts(send(client, "POST", "/things/parts?uploads"), "UploadId")[0]
        source = [("x-amz-copy-source", "/things/large")]
        part = send(client, "PUT", f"/things/parts?partNumber=1&uploadId={upload}", headers=source)
        assert texts(part, "ETag") == [f'"{digest}"'], part.body
        assert code_of(send(client, "PUT", "/things/parts?partNumber=1&uploadId=" + "0" * 32, headers=source)) == "NoSuchUpload"
        assert send(client, "DELETE", f"/things/parts?uploadId={upload}").status == 204
        (folder / "taken").mkdir()
        late = send(client, "PUT", "/things/taken", headers=source)  # what goes wrong late is in the document
        assert (late.status, code_of(late)) == (200, "InvalidRequest") and b"a folder of that name" in late.body, late.body
        (folder / "taken").rmdir()
        for number in range(6):
            assert (folder / f"copied{number}").stat().st_size == LARGE_COPY
            (folder / f"copied{number}").unlink()
        (folder / "large").unlink()
        assert leftovers(folder) == []

    with case("DeleteObjects removes many, and tells of those that cannot be"):
        for key in ("d/1", "d/2", "e"):
            send(client, "PUT", path_of("things", key), b"x")
        body = "<Delete>" + "".join(f"<Object><Key>{key}</Key></Object>" for key in ("d/1", "d/2", "e", "none", "a//b")) + "</Delete>"
        response = send(client, "POST", "/things?delete", body)
        assert texts(response, "Code") == ["InvalidArgument"] and len(texts(response, "Key")) == 5, response.body
        assert not (folder / "e").exists() and list((folder / "d").iterdir()) == []
        assert code_of(send(client, "POST", "/things?delete", "<Delete></Delete>")) == "InvalidArgument"

    with case("a removal with If-Match removes what it names, and many of them each for itself"):
        etag = send(client, "PUT", "/things/goes", b"x").header("ETag")[0]
        assert code_of(send(client, "DELETE", "/things/goes", headers=[("If-Match", '"other"')])) == "PreconditionFailed"
        assert code_of(send(client, "DELETE", "/things/none", headers=[("If-Match", etag)])) == "NoSuchKey"
        assert (folder / "goes").exists()
        assert send(client, "DELETE", "/things/goes", headers=[("If-Match", etag)]).status == 204
        assert not (folder / "goes").exists()
        for key in ("one", "two", "three"):
            send(client, "PUT", path_of("things", key), b"x")
        body = "".join(f"<Object><Key>{key}</Key><ETag>{said}</ETag></Object>" for key, said in (("one", etag), ("two", "other"), ("none", etag)))
        response = send(client, "POST", "/things?delete", f"<Delete>{body}<Object><Key>three</Key><Size>1</Size></Object></Delete>")
        assert texts(response, "Key") == ["one", "two", "none", "three"], response.body
        assert texts(response, "Code") == ["PreconditionFailed", "NoSuchKey", "NotImplemented"], response.body
        assert [(folder / key).exists() for key in ("one", "two", "three")] == [False, True, True]

    with case("a copy has conditions of what it replaces, too"):
        etag = send(client, "PUT", "/things/stays", b"x").header("ETag")[0]
        copy = ("x-amz-copy-source", "/things/once")
        assert code_of(send(client, "PUT", "/things/stays", headers=[copy, ("If-None-Match", "*")])) == "PreconditionFailed"
        assert code_of(send(client, "PUT", "/things/stays", headers=[copy, ("If-Match", '"other"')])) == "PreconditionFailed"
        assert (folder / "stays").read_bytes() == b"x"
        assert send(client, "PUT", "/things/copied", headers=[("x-amz-copy-source", "/things/stays"), ("If-None-Match", "*")]).status == 200
        assert send(client, "PUT", "/things/copied", headers=[copy, ("If-Match", etag)]).status == 200
        assert (folder / "copied").read_bytes() == (folder / "once").read_bytes()

    with case("conditions that could not be kept are refused and not passed over"):
        for name in ("x-amz-if-match-size", "x-amz-if-match-last-modified-time"):
            assert code_of(send(client, "DELETE", "/things/stays", headers=[(name, "1")])) == "NotImplemented"
        for name, one, other in (("x-amz-copy-source", "/things/once", "/things/once"), ("If-None-Match", "*", "*"),
                                 ("x-amz-tagging", "a=b", "a=b"), ("x-amz-expected-bucket-owner", "1", "2")):
            twice = send(client, "PUT", "/things/stays", b"z", [(name, one), (name, other)])
            assert code_of(twice) == "NotImplemented" and name.encode() in twice.body, (name, twice.body)
        owner = [("x-amz-expected-bucket-owner", "999999999999")]
        assert code_of(send(client, "PUT", "/things/stays", b"y", owner)) == "AccessDenied"
        assert (folder / "stays").read_bytes() == b"x"

    with case("a file that got there otherwise has an ETag that is no MD5, and a new one when it is written to"):
        (folder / "other").write_bytes(b"by hand")
        first = send(client, "HEAD", "/things/other").header("ETag")
        assert first[0].endswith('-0"') and send(client, "HEAD", "/things/other").header("ETag") == first
        assert texts(send(client, "GET", "/things?list-type=2&prefix=other"), "ETag") == first
        (folder / "other").write_bytes(b"by hand once more")
        assert send(client, "HEAD", "/things/other").header("ETag") != first
        send(client, "PUT", "/things/other", b"stored")
        with open(folder / "other", "ab") as file:
            file.write(b"!")
        assert send(client, "HEAD", "/things/other").header("ETag")[0].endswith('-0"')


def impossible(client, daemon, folder):
    case = daemon.story.case
    with case("what a folder cannot hold is refused with a sentence"):
        send(client, "PUT", "/things/a", b"x")
        send(client, "PUT", "/things/f/x", b"x")
        for key, code, words in (("a/b", "InvalidRequest", 'is a file and no folder'), ("f", "InvalidRequest", "there is a folder of that name"),
                                 ("x//y", "InvalidArgument", "empty part"), ("/y", "InvalidArgument", "empty part"),
                                 ("x/../y", "InvalidArgument", "no part of an object's key"), (".sallyport/x", "InvalidArgument", "unfinished files"),
                                 ("n" * 256, "InvalidArgument", "at most 255 fit"), ("new\nline", "InvalidArgument", "line break"),
                                 ("marker/", "InvalidArgument", "names a folder and no object")):
            error = aws.error_of(send(client, "PUT", path_of("things", key), b"bytes"))
            assert error.code == code and words in error.message, (key, error)
            if key != "f":
                assert code_of(send(client, "GET", path_of("things", key))) == "NoSuchKey", key
        assert leftovers(folder) == []

    with case("a key that lies too deep to be listed is refused, so that one client cannot hide what others have"):
        deepest = "deep/" * 64 + "x"
        assert send(client, "PUT", path_of("things", deepest), b"x").status == 200
        assert deepest in texts(send(client, "GET", "/things?list-type=2&prefix=deep/"), "Key")
        for method, target, body in (("PUT", path_of("things", "deep/" * 65 + "x"), b"x"), ("PUT", path_of("things", "deep/" * 65), b""),
                                     ("POST", path_of("things", "deep/" * 65 + "x", "uploads"), b"")):
            error = aws.error_of(send(client, method, target, body))
            assert error.code == "InvalidArgument" and "lies in 65 folders" in error.message, error
        assert send(client, "GET", "/things?list-type=2").status == 200
        assert send(client, "DELETE", path_of("things", deepest)).status == 204

    with case("where a body ends is said once"):
        for more in ([("Transfer-Encoding", "chunked"), ("Content-Length", "5")], [("Content-Length", "5"), ("Content-Length", "3")]):
            host, port = client.host.split(":")
            request = aws.Request("PUT", "/things/smuggled", [("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")])
            client.sign("s3", request)
            with socket.create_connection((host, int(port)), timeout=30) as wire:
                head = "".join(f"{name}: {value}\r\n" for name, value in request.headers + more)
                wire.sendall(f"PUT /things/smuggled HTTP/1.1\r\n{head}\r\n".encode() + b"3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n")
                answer = b""
                with contextlib.suppress(ConnectionResetError):
                    while piece := wire.recv(65536):
                        answer += piece
            assert answer.startswith(b"HTTP/1.1 400") and answer.count(b"HTTP/1.1 ") == 1, answer
            assert b"<Code>InvalidRequest</Code>" in answer, answer
        assert not (folder / "smuggled").exists()

    with case("an empty object with a slash at its end is a folder"):
        assert send(client, "PUT", "/things/marker/in/", b"").status == 200
        assert (folder / "marker" / "in").is_dir()
        assert send(client, "HEAD", "/things/marker/in/").status == 200
        assert "marker/" in texts(send(client, "GET", "/things?list-type=2&delimiter=/"), "Prefix")
        assert send(client, "DELETE", "/things/marker/in/").status == 204
        assert not (folder / "marker" / "in").exists()

    with case("what is beyond is NotImplemented"):
        for method, target in (("GET", "/things?acl"), ("GET", "/things?tagging"), ("PUT", "/things?policy"), ("PUT", "/things/a?tagging"),
                               ("PUT", "/things/a?acl"), ("PUT", "/things/a?versionId=null"), ("GET", "/things?session"),
                               ("POST", "/things/a?restore"), ("GET", "/things/a?torrent"), ("DELETE", "/things/a?tagging")):
            response = send(client, method, target, b"bytes" if method == "PUT" else b"")
            assert (response.status, code_of(response)) == (501, "NotImplemented"), (method, target, response.body)
        assert (folder / "a").read_bytes() == b"x"
        for name, value in (("x-amz-tagging", "a=b"), ("x-amz-server-side-encryption", "AES256"), ("x-amz-acl", "public-read"),
                            ("x-amz-storage-class", "GLACIER"), ("x-amz-object-lock-mode", "GOVERNANCE")):
            assert code_of(send(client, "PUT", "/things/a", b"other", [(name, value)])) == "NotImplemented", name
        assert code_of(send(client, "GET", "/things?list-type=2&delimiter=x")) == "InvalidArgument"
        assert (folder / "a").read_bytes() == b"x"

    with case("an object has no tags, and one version, which is called null"):
        assert texts(send(client, "GET", "/things/a?tagging"), "TagSet") == [""]
        assert code_of(send(client, "GET", "/things/none?tagging")) == "NoSuchKey"
        assert send(client, "GET", "/things/a?versionId=null").body == b"x"
        assert code_of(send(client, "GET", "/things/a?versionId=x")) == "InvalidArgument"
        for key in ("v/1", "v/2/x", "v/3"):
            send(client, "PUT", path_of("things", key), b"x")
        page = send(client, "GET", "/things?versions&prefix=v/&delimiter=/&max-keys=2")
        assert (texts(page, "Key"), texts(page, "Prefix"), texts(page, "VersionId")) == (["v/1"], ["v/", "v/2/"], ["null"]), page.body
        assert texts(page, "IsTruncated") == ["true"] and texts(page, "IsLatest") == ["true"]
        page = send(client, "GET", f"/things?versions&prefix=v/&key-marker={texts(page, 'NextKeyMarker')[0]}&version-id-marker=null&delimiter=/")
        assert texts(page, "Key") == ["v/3"] and texts(page, "IsTruncated") == ["false"], page.body
        every = texts(send(client, "GET", "/things?versions&prefix=v/"), "Key")
        body = "".join(f"<Object><Key>{key}</Key><VersionId>null</VersionId></Object>" for key in every)
        assert texts(send(client, "POST", "/things?delete", f"<Delete>{body}</Delete>"), "Key") == every == ["v/1", "v/2/x", "v/3"]
        assert code_of(send(client, "DELETE", "/things/a?versionId=7")) == "InvalidArgument" and (folder / "a").exists()

    with case("a bucket that is not there is NoSuchBucket, whatever is asked of it"):
        for method, target, body in (("GET", "/none", b""), ("GET", "/none/a", b""), ("PUT", "/none/a", b"x"), ("DELETE", "/none/a", b""),
                                     ("POST", "/none/a?uploads", b""), ("GET", "/none?location", b"")):
            assert code_of(send(client, method, target, body)) == "NoSuchBucket", (method, target)

    with case("what lies behind dots is not told by a condition either"):
        for target in ("/things/f/../a", "/things/f/%2e%2e/a", "/things/f%2F..%2Fa"):
            assert code_of(send(client, "PUT", target, b"x", [("If-None-Match", "*")])) == "InvalidArgument", target

    with case("metadata comes back with a range, up to what an answer has room for"):
        names = [(f"x-amz-meta-{number}", "v") for number in range(49)]
        assert send(client, "PUT", "/things/m", b"0123456789", names[:48] + [("Content-Disposition", "inline")]).status == 200
        got = send(client, "GET", "/things/m", headers=[("Range", "bytes=2-3")])
        assert got.header("Content-Range") == ["bytes 2-3/10"] and got.body == b"23"
        assert all(got.header(name) == ["v"] for name, _ in names[:48]) and got.header("Content-Disposition") == ["inline"]
        assert send(client, "DELETE", "/things/m").status == 204
        assert code_of(send(client, "PUT", "/things/m", b"x", names)) == "InvalidArgument"
        assert not (folder / "m").exists()

    with case("an upload that could not be completed is not begun"):
        assert code_of(send(client, "POST", "/things/m?uploads", headers=[("Content-Disposition", "v" * 4000)])) == "InvalidArgument"
        assert leftovers(folder) == []

    with case("too much metadata is refused"):
        assert code_of(send(client, "PUT", "/things/m", b"x", [("x-amz-meta-long", "v" * 2100)])) == "InvalidArgument"
        assert not (folder / "m").exists()


def bodies(client, daemon, folder):
    case = daemon.story.case
    data = os.urandom(300_000)
    with case("bodies come signed, unsigned, in signed chunks and with trailers"):
        for name, request in (
                ("digest", aws.Request("PUT", "/things/digest", [], data)),
                ("unsigned", aws.Request("PUT", "/things/unsigned", [("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")], data))):
            assert client.send("s3", request).status == 200, name
            assert (folder / name).read_bytes() == data
        for kind, trailer in ((SIGNED, {}), (SIGNED_TRAILER, {SUM: s3.crc32(data)}), (UNSIGNED_TRAILER, {SUM: s3.crc32(data)})):
            for size in (8192, 65536, 1 << 20):
                response = s3.Chunks(client, kind, data, size, trailer).send("/things/chunks")
                assert response.status == 200, (kind, response.body)
                assert response.header(SUM) == list(trailer.values())
                got = send(client, "GET", "/things/chunks", headers=[("x-amz-checksum-mode", "ENABLED")])
                assert got.body == data and got.header("Content-Encoding") == [] and got.header(SUM) == list(trailer.values())
                assert send(client, "DELETE", "/things/chunks").status == 204

    with case("a chunk that was changed on its way is refused, and nothing of it is there"):
        for changed in (0, 2, 4):
            change = lambda number, piece, at=changed: piece[:-1] + bytes([piece[-1] ^ 1]) if number == at else piece  # noqa: E731
            for kind, trailer in ((SIGNED, {}), (SIGNED_TRAILER, {SUM: s3.crc32(data)})):
                response = s3.Chunks(client, kind, data, 65536, trailer, change).send("/things/chunks")
                assert code_of(response) == "SignatureDoesNotMatch", response.body
            response = s3.Chunks(client, UNSIGNED_TRAILER, data, 65536, {SUM: s3.crc32(data)}, change).send("/things/chunks")
            assert code_of(response) == "BadDigest", response.body
        assert not (folder / "chunks").exists() and leftovers(folder) == []

    with case("what does not fit the head is refused"):
        def spoil(request):
            request.body = request.body[:-1] + b"!"
        assert code_of(send(client, "PUT", "/things/bad", b"body", tamper=spoil)) == "XAmzContentSHA256Mismatch"
        md5 = "1B2M2Y8AsgTpgAmY7PhCfg=="
        assert code_of(send(client, "PUT", "/things/bad", b"body", [("Content-MD5", md5)])) == "BadDigest"
        assert send(client, "PUT", "/things/empty", b"", [("Content-MD5", md5)]).status == 200
        assert code_of(send(client, "PUT", "/things/bad", b"body", [(SUM, s3.crc32(b"other"))])) == "BadDigest"
        assert code_of(send(client, "PUT", "/things/bad", b"body", [("x-amz-checksum-xyz", "x")])) == "NotImplemented"
        assert code_of(send(client, "PUT", "/things/bad", b"x", [(SUM, s3.crc32(b"x")), ("x-amz-checksum-sha1", "x")])) == "InvalidRequest"
        for said in (len(data) - 1, len(data) + 1):
            assert s3.Chunks(client, SIGNED, data, said=said).send("/things/bad").status == 400
        assert s3.Chunks(client, UNSIGNED_TRAILER, data, trailer={}).send("/things/bad", [("X-Amz-Trailer", SUM)]).status == 400
        big = [("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), ("Content-Length", str(6 << 30)), ("Expect", "100-continue")]
        request = aws.Request("PUT", "/things/bad", big)
        client.sign("s3", request)
        assert code_of(client.exchange(request)) == "EntityTooLarge"
        client.close()
        assert not (folder / "bad").exists() and leftovers(folder) == []

    with case("all checksums are checked, and answered"):
        for name, value in (("crc32", "y/Q5Jg=="), ("crc32c", "4waSgw=="), ("crc64nvme", "rosUhgp5mIg="),
                            ("sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="), ("sha256", "FeKw09t5eYBoeGdJEzeGSgMwsUq8uRNOsxB/aPRGtw4=")):
            header = f"x-amz-checksum-{name}"
            response = send(client, "PUT", "/things/summed", b"123456789", [(header, value)])
            if name in ("crc32", "crc32c", "crc64nvme"):
                assert response.status == 200 and response.header(header) == [value], (name, response.body)
            assert code_of(send(client, "PUT", "/things/summed", b"12345678", [(header, value)])) == "BadDigest", name

    with case("a head that nobody signed is refused before a byte of the body is read"):
        host, port = client.host.split(":")
        request = aws.Request("PUT", "/things/never", [("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), ("Content-Length", str(1 << 30)),
                                                      ("Expect", "100-continue")])
        client.sign("s3", request)
        request.set("Authorization", request.get("Authorization")[:-8] + "00000000")
        with socket.create_connection((host, int(port)), timeout=30) as wire:
            head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
            wire.sendall(f"PUT {request.target} HTTP/1.1\r\n{head}\r\n".encode())
            answer = wire.recv(65536)
        assert answer.startswith(b"HTTP/1.1 403") and leftovers(folder) == [], answer

    with case("a client that leaves in the middle leaves nothing"):
        with s3.Sending(client, "/things/half", 10 << 20) as sending:
            sending.send(bytes(3 << 20))
            harness.wait_until(lambda: leftovers(folder), "a temporary")
        harness.wait_until(lambda: not leftovers(folder), "the temporary to go")
        assert not (folder / "half").exists()

    with case("two PUTs of one key at once leave one of the two, whole"):
        bodies_of_both = [bytes([letter]) * 3_000_000 for letter in b"ab"]
        for _ in range(5):
            threads = [threading.Thread(target=lambda body=body: send(daemon.new_client(), "PUT", "/things/both", body)) for body in bodies_of_both]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert (folder / "both").read_bytes() in bodies_of_both
        assert leftovers(folder) == []

    with case("other calls are answered while a slow client sends"):
        with s3.Sending(client, "/things/slow", 10 << 20) as sending:
            sending.send(bytes(1000))
            started = time.monotonic()
            for _ in range(20):
                assert send(client, "HEAD", "/things").status == 200
            assert time.monotonic() - started < 10


def presigned(client, daemon, folder):
    case = daemon.story.case
    with case("a signed URL gets and puts, until it expires"):
        assert client.exchange(client.presign("s3", "/things/by-url", "PUT")).status == 200
        assert (folder / "by-url").read_bytes() == b""
        (folder / "by-url").write_bytes(b"content")
        got = client.exchange(client.presign("s3", "/things/by-url?response-content-type=text%2Fother"))
        assert (got.status, got.body, got.header("Content-Type")) == (200, b"content", ["text/other"])
        assert client.exchange(client.presign("s3", "/things/by-url", expires=1, stamp="20250101T000000Z")).status == 403
        send(client, "PUT", "/things/page.html", b"<script>", [("Content-Type", "text/html")])
        page = client.exchange(client.presign("s3", "/things/page.html"))
        assert page.header("Content-Security-Policy") == ["sandbox"] and page.header("X-Content-Type-Options") == ["nosniff"]
        wrong = client.presign("s3", "/things/by-url")
        wrong.target = wrong.target.replace("by-url", "once")
        assert code_of(client.exchange(wrong)) == "SignatureDoesNotMatch"
        wrong = client.presign("s3", "/things/by-url")
        wrong.method = "DELETE"
        assert code_of(client.exchange(wrong)) == "SignatureDoesNotMatch"


def uploads(client, daemon, folder):
    case = daemon.story.case

    def begin(key="big", headers=()):
        return texts(send(client, "POST", path_of("things", key, "uploads"), headers=headers), "UploadId")[0]

    def part(upload, number, data, key="big"):
        return send(client, "PUT", path_of("things", key, f"partNumber={number}&uploadId={upload}"), data)

    def complete(upload, parts, key="big", headers=()):
        body = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in parts)
        return send(client, "POST", path_of("things", key, f"uploadId={upload}"),
                    f"<CompleteMultipartUpload>{body}</CompleteMultipartUpload>", headers)

    with case("parts in any order become one object, with type and metadata"):
        upload = begin(headers=[("Content-Type", "text/x-parts"), ("x-amz-meta-a", "b")])
        pieces = {1: os.urandom(6 << 20), 3: os.urandom(5 << 20), 7: b"end"}
        etags = {number: part(upload, number, pieces[number]).header("ETag")[0] for number in (7, 1, 3)}
        assert not (folder / "big").exists()
        listed = send(client, "GET", f"/things/big?uploadId={upload}")
        assert texts(listed, "PartNumber") == ["1", "3", "7"] and texts(listed, "ETag") == [etags[1], etags[3], etags[7]]
        paged = send(client, "GET", f"/things/big?uploadId={upload}&max-parts=1&part-number-marker=1")
        assert texts(paged, "PartNumber") == ["3"] and texts(paged, "IsTruncated") == ["true"]
        assert texts(send(client, "GET", "/things?uploads"), "UploadId") == [upload]
        done = complete(upload, sorted(etags.items()))
        md5s = b"".join(hashlib.md5(pieces[number]).digest() for number in (1, 3, 7))
        assert texts(done, "ETag") == [f'"{hashlib.md5(md5s).hexdigest()}-3"'], done.body
        got = send(client, "GET", "/things/big")
        assert got.body == pieces[1] + pieces[3] + pieces[7]
        assert got.header("Content-Type") == ["text/x-parts"] and got.header("x-amz-meta-a") == ["b"]
        assert got.header("ETag") == texts(done, "ETag") and leftovers(folder) == []
        assert code_of(complete(upload, sorted(etags.items()))) == "NoSuchUpload"

    with case("an upload that is not what was sent is refused, and stays"):
        upload = begin()
        etag = part(upload, 1, b"one").header("ETag")[0]
        assert code_of(complete(upload, [(2, etag)])) == "InvalidPart"
        assert code_of(complete(upload, [(1, '"' + "0" * 32 + '"')])) == "InvalidPart"
        assert code_of(complete(upload, [(1, etag), (1, etag)])) == "InvalidPartOrder"
        assert code_of(complete(upload, [(1, "x")])) == "InvalidPart"
        assert code_of(complete(upload, [])) == "InvalidArgument"
        assert code_of(complete(upload, [(1, etag)], key="other")) == "NoSuchUpload"
        assert code_of(part("0" * 32, 1, b"x")) == "NoSuchUpload" and code_of(part("../..", 1, b"x")) == "NoSuchUpload"
        assert code_of(part(upload, 10001, b"x")) == "InvalidArgument" and code_of(part(upload, 0, b"x")) == "InvalidArgument"
        assert complete(upload, [(1, etag)]).status == 200

    with case("a part is sent again, copied, and an upload given up"):
        upload = begin()
        part(upload, 1, b"old")
        new = part(upload, 1, b"new ").header("ETag")[0]
        source = [("x-amz-copy-source", "/things/range"), ("x-amz-copy-source-range", "bytes=10-19")]
        copied = texts(send(client, "PUT", f"/things/big?partNumber=2&uploadId={upload}", headers=source), "ETag")[0]
        assert complete(upload, [(1, new), (2, copied)]).status == 200
        assert (folder / "big").read_bytes() == b"new " + bytes(range(10, 20))
        upload = begin()
        part(upload, 1, b"x")
        assert send(client, "DELETE", f"/things/big?uploadId={upload}").status == 204
        assert code_of(send(client, "DELETE", f"/things/big?uploadId={upload}")) == "NoSuchUpload"
        assert code_of(part(upload, 1, b"x")) == "NoSuchUpload" and leftovers(folder) == []

    with case("uploads that are not complete are listed a page at a time, in groups, and from a place on"):
        begun = sorted((key, begin(key)) for key in ("l/a", "l/b/c", "l/b/d", "l/a", "l/e é&"))
        quoted = [(urllib.parse.quote(key), upload) for key, upload in begun]
        found, more = [], ""
        while more is not None:
            page = send(client, "GET", f"/things?uploads&prefix=l/&max-uploads=2&encoding-type=url{more}")
            found += zip(texts(page, "Key"), [one for one in texts(page, "UploadId")])
            assert texts(page, "MaxUploads") == ["2"] and len(texts(page, "Key")) <= 2, page.body
            more = None
            if texts(page, "IsTruncated") == ["true"]:
                more = f"&key-marker={texts(page, 'NextKeyMarker')[0]}&upload-id-marker={texts(page, 'NextUploadIdMarker')[0]}"
        assert found == quoted, (found, quoted)
        grouped = send(client, "GET", "/things?uploads&prefix=l/&delimiter=/")
        assert texts(grouped, "UploadId") == [upload for key, upload in begun if "b/" not in key], grouped.body
        assert texts(grouped, "Prefix") == ["l/", "l/b/"]
        assert texts(send(client, "GET", "/things?uploads&prefix=l/&key-marker=l/b/c"), "Key") == ["l/b/d", "l/e é&"]
        assert texts(send(client, "GET", "/things?uploads&max-uploads=0"), "Key") == []
        assert code_of(send(client, "GET", "/things?uploads&delimiter=x")) == "InvalidArgument"
        for key, upload in begun:
            assert send(client, "DELETE", path_of("things", key, f"uploadId={upload}")).status == 204

    with case("conditions hold for an upload, too"):
        upload, there = begin(), send(client, "HEAD", "/things/big").header("ETag")[0]
        etag = part(upload, 1, b"one").header("ETag")[0]
        assert complete(upload, [(1, etag)], headers=[("If-None-Match", "*")]).status == 412
        assert complete(upload, [(1, etag)], headers=[("If-Match", etag)]).status == 412
        assert leftovers(folder) == [f"upload-{upload}"]
        assert complete(upload, [(1, etag)], headers=[("If-Match", there)]).status == 200
        assert (folder / "big").read_bytes() == b"one" and leftovers(folder) == []


def deaths(client, daemon, folder):
    case = daemon.story.case
    with case("kill -9 in the middle of a PUT and of an upload leaves nothing half"):
        upload = texts(send(client, "POST", "/things/parts?uploads"), "UploadId")[0]
        kept = send(client, "PUT", f"/things/parts?partNumber=1&uploadId={upload}", b"kept").header("ETag")[0]
        both = [s3.Sending(client, target, 10 << 20) for target in ("/things/dying", f"/things/parts?partNumber=2&uploadId={upload}")]
        for sending in both:
            sending.send(bytes(3 << 20))
        harness.wait_until(lambda: len(leftovers(folder)) == 3, "two temporaries beside the upload")
        daemon.kill()
        for sending in both:
            sending.close()
        assert not (folder / "dying").exists()
        time.sleep(1.1)  # what is swept is a second old: the setting has no less
        daemon.start()
        again = daemon.client
        harness.wait_until(lambda: leftovers(folder) == [f"upload-{upload}"], "the temporaries to be swept")
        body = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{kept}</ETag></Part></CompleteMultipartUpload>"
        assert send(again, "POST", f"/things/parts?uploadId={upload}", body).status == 200
        assert (folder / "parts").read_bytes() == b"kept" and leftovers(folder) == []


def full_disk(story):
    """A bucket on a file system of 3 MiB."""
    folder = story.folder / "small"
    folder.mkdir()
    with story.case("a full disk is InsufficientStorage, and leaves what there was and nothing else"):
        harness.need_root("to mount a small file system")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], check=True)
        story.stack.callback(subprocess.run, ["umount", str(folder)], check=False)
        with harness.Daemon(story.folder / "full", {"bucket.small": str(folder)}) as daemon:
            client, kept = daemon.client, os.urandom(1 << 20)
            assert send(client, "PUT", "/small/kept", kept).status == 200
            assert code_of(send(client, "PUT", "/small/kept", os.urandom(4 << 20))) == "InsufficientStorage"
            assert (folder / "kept").read_bytes() == kept and leftovers(folder) == []
            upload = texts(send(client, "POST", "/small/parts?uploads"), "UploadId")[0]
            part = send(client, "PUT", f"/small/parts?partNumber=1&uploadId={upload}", os.urandom(1 << 20)).header("ETag")[0]
            assert code_of(send(client, "PUT", "/small/copy", headers=[("x-amz-copy-source", "/small/kept")])) == "InsufficientStorage"
            body = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part}</ETag></Part></CompleteMultipartUpload>"
            assert code_of(send(client, "POST", f"/small/parts?uploadId={upload}", body)) == "InsufficientStorage"
            assert leftovers(folder) == [f"upload-{upload}"] and (folder / "kept").read_bytes() == kept
            assert send(client, "DELETE", "/small/kept").status == 204
            assert send(client, "POST", f"/small/parts?uploadId={upload}", body).status == 200
            assert (folder / "parts").stat().st_size == 1 << 20 and leftovers(folder) == []


def bad_moments(client, daemon, folder):
    """What passes is answered so that clients ask again, and never as if something were not there."""
    case = daemon.story.case
    with case("a folder of the configuration that is away is no missing bucket, and no empty one"):
        mounted = daemon.state.parent / "mounted"
        (mounted / "k").write_bytes(b"there")
        mounted.rename(mounted.with_name("away"))
        for method, target in (("GET", "/mounted"), ("GET", "/mounted/k"), ("PUT", "/mounted/k"), ("GET", "/mounted?uploads")):
            answer = send(client, method, target)
            assert (answer.status, code_of(answer)) == (500, "InternalError") and b"not mounted" in answer.body, answer.body
        assert send(client, "HEAD", "/mounted").status == 500
        mounted.with_name("away").rename(mounted)
        assert texts(send(client, "GET", "/mounted"), "Key") == ["k"]

    with case("a PUT whose bytes somebody removed is to be sent again"):
        with s3.Sending(client, "/things/robbed", 1000) as sending:
            harness.wait_until(lambda: leftovers(folder), "its temporary")
            (folder / ".sallyport" / leftovers(folder)[0]).unlink()
            answer = sending.finish()
        assert (answer.status, code_of(answer)) == (500, "InternalError"), answer.body

    with case("without descriptors it is SlowDown, and a listing is whole or none"):
        (folder / "deep" / "er").mkdir(parents=True)
        (folder / "deep" / "er" / "file").write_bytes(b"x")
        host, port = client.host.split(":")
        wire = http.client.HTTPConnection(host, int(port), timeout=30)
        pid = daemon.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)

        def ask(target):
            request = aws.Request("GET", target)
            client.sign("s3", request)
            wire.request("GET", target, headers=dict(request.headers))
            response = wire.getresponse()
            return aws.Response(response.status, response.getheaders(), response.read())
        whole = texts(ask("/things"), "Key")
        assert "deep/er/file" in whole
        for target in ("/things", "/things/deep/er/file", "/", "/things?uploads"):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
            answer = ask(target)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
            assert (answer.status, code_of(answer)) == (503, "SlowDown"), (target, answer.body)
        assert texts(ask("/things"), "Key") == whole
        wire.close()


with harness.Story() as story:
    (story.folder / "mounted").mkdir()
    storage.write_credentials(story.folder / "keys")
    daemon = story.enter(harness.Daemon(story.folder / "state", {
        "transfer.leftover_age": "1s", "bucket.mounted": story.folder / "mounted", "bucket.elsewhere": "s3://theirs",
        "bucket.elsewhere.endpoint": "http://127.0.0.1:9", "bucket.elsewhere.credentials": story.folder / "keys"}))
    daemon.story = story
    folder = daemon.bucket("things")
    buckets(daemon.client, daemon)
    objects(daemon.client, daemon, folder)
    impossible(daemon.client, daemon, folder)
    bodies(daemon.client, daemon, folder)
    presigned(daemon.client, daemon, folder)
    uploads(daemon.client, daemon, folder)
    bad_moments(daemon.client, daemon, folder)
    deaths(daemon.client, daemon, folder)
    full_disk(story)
