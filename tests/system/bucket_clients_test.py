#!/usr/bin/env python3
"""The bucket door with the clients that people have: the unmodified `aws`, boto3, rclone, curl, each with what it sends by
itself. A client that is not installed is skipped, and said so."""

import filecmp
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
from cli import Refused, aws, aws_s3, needs, refusal  # noqa: E402
import aws as signer  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
from policies import allow, deny, policy  # noqa: E402
import s3  # noqa: E402
import sshd  # noqa: E402

FILES = 5000 if harness.LARGE else 300
KEYS = 100_000 if harness.LARGE else 5_000
BIG = 3 << 30 if harness.LARGE else 40 << 20
MEMORY_MAX_KIB = 96 << 10
CLIENT_SECONDS = 1200


def make_tree(folder, count):
    for number in range(count):
        path = folder / f"d{number % 7}" / f"file {number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(200 + number % 1000))


def same_trees(one, other):
    """The same files with the same bytes, but for what is Sallyport's own."""
    def files(root):
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and ".sallyport" not in path.parts}
    names = files(one)
    assert names == files(other), sorted(names ^ files(other))[:10]
    _, different, failed = filecmp.cmpfiles(one, other, names, shallow=False)
    assert not different and not failed, (different, failed)
    return len(names)


def by_aws(story, daemon):
    with story.case("aws s3 mb, cp, ls, mv, rm and rb do what they do"):
        needs()
        text = story.folder / "note.txt"
        text.write_text("noted\n", encoding="ascii")
        aws_s3(daemon, "mb", "s3://notes")
        aws_s3(daemon, "cp", text, "s3://notes/a/note one.txt")
        assert (daemon.state / "buckets" / "notes" / "a" / "note one.txt").read_text(encoding="ascii") == "noted\n"
        assert "PRE a/" in aws_s3(daemon, "ls", "s3://notes/")
        assert "note one.txt" in aws_s3(daemon, "ls", "--recursive", "s3://notes")
        assert aws_s3(daemon, "cp", "s3://notes/a/note one.txt", "-") == "noted\n"
        aws_s3(daemon, "mv", "s3://notes/a/note one.txt", "s3://notes/b/moved.txt")
        assert not (daemon.state / "buckets" / "notes" / "a" / "note one.txt").exists()
        assert "BucketNotEmpty" in failure(daemon, "rb", "s3://notes")
        aws_s3(daemon, "rm", "s3://notes/b/moved.txt")
        aws_s3(daemon, "rb", "s3://notes")
        assert not (daemon.state / "buckets" / "notes").exists()

    with story.case(f"aws s3 sync brings {FILES} files into a bucket, and takes them out again"):
        needs()
        tree = story.folder / "tree"
        make_tree(tree, FILES)
        aws_s3(daemon, "mb", "s3://synced")
        started = time.monotonic()
        aws_s3(daemon, "sync", "--only-show-errors", tree, "s3://synced")
        print(f"# {FILES} files in {time.monotonic() - started:.1f} s", flush=True)
        assert same_trees(tree, daemon.state / "buckets" / "synced") == FILES
        assert aws_s3(daemon, "sync", tree, "s3://synced") == ""
        back = story.folder / "back"
        aws_s3(daemon, "sync", "--only-show-errors", "s3://synced", back)
        same_trees(tree, back)

    with story.case("a large object goes in parts and comes back, and the daemon does not grow with it"):
        needs()
        large = story.folder / "large"
        digest = flows.write_random(large, BIG)
        started = time.monotonic()
        aws_s3(daemon, "cp", "--only-show-errors", large, "s3://synced/large")
        middle = time.monotonic()
        aws_s3(daemon, "cp", "--only-show-errors", "s3://synced/large", story.folder / "large again")
        print(f"# {BIG >> 20} MiB: in {middle - started:.1f} s, out {time.monotonic() - middle:.1f} s", flush=True)
        assert flows.sha256_of(story.folder / "large again") == digest
        head = aws(daemon, "s3api", "head-object", "--bucket", "synced", "--key", "large")
        assert head["ContentLength"] == BIG and "-" in head["ETag"], head
        if not harness.sanitized():
            assert harness.pss_kib(daemon.process.pid) < MEMORY_MAX_KIB
        for path in (large, story.folder / "large again", daemon.state / "buckets" / "synced" / "large"):
            path.unlink()

    with story.case("aws s3 presign and curl share a file without a key"):
        needs()
        if shutil.which("curl") is None:
            raise harness.Skip("there is no `curl` on this machine")
        aws_s3(daemon, "cp", story.folder / "note.txt", "s3://synced/shared.txt")
        older = aws_s3(daemon, "presign", "s3://synced/shared.txt")
        profile = {"AWS_CONFIG_FILE": str(daemon.state / "aws-config"), "AWS_PROFILE": "sallyport"}
        url = aws_s3(daemon, "presign", "s3://synced/shared.txt", "--expires-in", "300", more=profile).strip()

        def curl(where):
            return subprocess.run(["curl", "-sS", "-w", "%{http_code}", where], capture_output=True, text=True, check=True).stdout
        assert curl(url) == "noted\n200"
        assert curl(url.replace("shared", "large")).endswith("403")
        assert curl(url.split("?", maxsplit=1)[0]).endswith("403")
        if "AWSAccessKeyId" in older:
            assert "Please use AWS4-HMAC-SHA256." in curl(older.strip())

    with story.case("the CLI says the sentence of what a folder cannot hold"):
        words = refusal(daemon, "s3api", "put-object", "--bucket", "synced", "--key", "shared.txt/below")
        assert "is a file and no folder" in words, words
        assert "NotImplemented" in refusal(daemon, "s3api", "get-bucket-acl", "--bucket", "synced")


def failure(daemon, *words):
    try:
        aws_s3(daemon, *words)
    except Refused as refused:
        return str(refused)
    raise AssertionError("was not refused")


def by_boto3(story, daemon):
    with story.case("boto3's upload, download, paginator and presigned URLs"):
        try:
            import boto3  # pylint: disable=import-outside-toplevel
            from boto3.s3.transfer import TransferConfig  # pylint: disable=import-outside-toplevel
        except ImportError:
            raise harness.Skip("there is no boto3 on this machine (Debian: python3-boto3)") from None
        client = boto3.client("s3", endpoint_url=daemon.env["AWS_ENDPOINT_URL"], region_name=daemon.env["AWS_REGION"],
                              aws_access_key_id=daemon.env["AWS_ACCESS_KEY_ID"], aws_secret_access_key=daemon.env["AWS_SECRET_ACCESS_KEY"])
        client.create_bucket(Bucket="boto")
        source = story.folder / "boto.bin"
        digest = flows.write_random(source, 20 << 20)
        client.upload_file(str(source), "boto", "up/boto.bin", Config=TransferConfig(multipart_threshold=8 << 20),
                           ExtraArgs={"ContentType": "text/x-boto", "Metadata": {"who": "me"}})
        client.download_file("boto", "up/boto.bin", str(source) + "2")
        assert flows.sha256_of(pathlib.Path(str(source) + "2")) == digest
        head = client.head_object(Bucket="boto", Key="up/boto.bin")
        assert (head["ContentType"], head["Metadata"]) == ("text/x-boto", {"who": "me"}), head
        for number in range(25):
            client.put_object(Bucket="boto", Key=f"n/{number}", Body=b"x")
        pages = client.get_paginator("list_objects_v2").paginate(Bucket="boto", Prefix="n/", PaginationConfig={"PageSize": 10})
        found = [item["Key"] for page in pages for item in page["Contents"]]
        assert found == sorted(f"n/{number}" for number in range(25)), found
        client.delete_objects(Bucket="boto", Delete={"Objects": [{"Key": key} for key in found + ["up/boto.bin"]]})
        client.delete_bucket(Bucket="boto")


def by_rclone(story, daemon):
    with story.case("rclone's s3 backend syncs both ways, and finds nothing to do the second time"):
        if shutil.which("rclone") is None:
            raise harness.Skip("there is no `rclone` on this machine (Debian has it)")
        tree, back = story.folder / "rclone", story.folder / "rclone back"
        make_tree(tree, 60)
        flows.write_random(tree / "large", 12 << 20)
        env = {**{name: value for name, value in os.environ.items() if not name.startswith("AWS_")}, "RCLONE_CONFIG": os.devnull, "RCLONE_CONFIG_SP_TYPE": "s3", "RCLONE_CONFIG_SP_PROVIDER": "Other",
               "RCLONE_CONFIG_SP_ENDPOINT": daemon.env["AWS_ENDPOINT_URL"], "RCLONE_CONFIG_SP_REGION": daemon.env["AWS_REGION"],
               "RCLONE_CONFIG_SP_ACCESS_KEY_ID": daemon.env["AWS_ACCESS_KEY_ID"],
               "RCLONE_CONFIG_SP_SECRET_ACCESS_KEY": daemon.env["AWS_SECRET_ACCESS_KEY"],
               "RCLONE_S3_UPLOAD_CUTOFF": "6M", "RCLONE_S3_CHUNK_SIZE": "5M"}

        def rclone(*words):
            done = subprocess.run(["rclone", *map(str, words)], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  check=False, timeout=CLIENT_SECONDS)
            assert done.returncode == 0, done.stderr[-2000:]
            return done.stderr
        rclone("sync", tree, "sp:rcloned")
        same_trees(tree, daemon.state / "buckets" / "rcloned")
        assert "There was nothing to transfer" in rclone("sync", "-v", tree, "sp:rcloned")
        rclone("sync", "sp:rcloned", back)
        same_trees(tree, back)
        rclone("check", "--download", tree, "sp:rcloned")
        (tree / "large").unlink()
        rclone("sync", tree, "sp:rcloned")
        same_trees(tree, daemon.state / "buckets" / "rcloned")
        rclone("purge", "sp:rcloned")


def over_tls(story):
    with story.case("over TLS the CLI sends unsigned chunks with a checksum behind them, and parts"):
        needs()
        if shutil.which("openssl") is None:
            raise harness.Skip("needs the program openssl")
        certificate, key = story.folder / "tls.pem", story.folder / "tls.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=sallyport",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", str(key), "-out", str(certificate)],
                       check=True, capture_output=True)
        with harness.Daemon(story.folder / "tls", {"tls.certificate": str(certificate), "tls.key": str(key)}) as secure:
            aws_s3(secure, "mb", "s3://sealed")
            for size in (0, 100_000, 20 << 20):
                digest = flows.write_random(story.folder / "sealed", size)
                aws_s3(secure, "cp", "--only-show-errors", story.folder / "sealed", "s3://sealed/x")
                aws_s3(secure, "cp", "--only-show-errors", "s3://sealed/x", story.folder / "sealed again")
                assert flows.sha256_of(story.folder / "sealed again") == digest, size


def to_a_partner(story, daemon):
    with story.case(f"{FILES} files that were synced into a bucket go to a partner"):
        needs()
        server = story.enter(sshd.Sshd(story.folder / "partner"))
        partner = flows.Partner(daemon, server.url, {"Username": server.user, "PrivateKey": server.private_key}, server.trusted_keys(),
                                connections=2)
        inbox = server.home / "in"
        inbox.mkdir()
        tree = story.folder / "tree"
        names = sorted(str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file())
        transfers = [partner.send(*(f"/synced/{name}" for name in names[start:start + 10]), to=inbox)
                     for start in range(0, len(names), 10)]
        for transfer in transfers:
            partner.wait_completed(transfer, seconds=300)
        for name in names:
            assert (inbox / pathlib.Path(name).name).read_bytes() == (tree / name).read_bytes(), name


def listing(story, daemon):
    with story.case(f"{KEYS} keys are listed in order, with flat memory"):
        folder = daemon.bucket("many")
        for number in range(KEYS):
            with open(folder / f"{number * 7919 % KEYS:06}", "wb"):
                pass
        token, found, started = "", [], time.monotonic()
        while True:
            page = s3.send(daemon.client, "GET", f"/many?list-type=2{token}")
            assert page.status == 200, page.body
            found += s3.texts(page, "Key")
            more = s3.texts(page, "NextContinuationToken")
            if not more:
                break
            token = "&continuation-token=" + more[0].replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
        seconds = time.monotonic() - started
        print(f"# {KEYS} keys in {seconds:.1f} s, {KEYS / seconds:.0f} a second", flush=True)
        assert found == [f"{number:06}" for number in range(KEYS)]
        if not harness.sanitized():
            assert harness.pss_kib(daemon.process.pid) < MEMORY_MAX_KIB


def permissions(story, daemon):
    iam = daemon.client
    iam.call("iam", "CreateUser", {"UserName": "filler"})
    key = iam.call("iam", "CreateAccessKey", {"UserName": "filler"})["AccessKey"]
    client = signer.Client(daemon.env["AWS_ENDPOINT_URL"], daemon.env["AWS_REGION"], key["AccessKeyId"], key["SecretAccessKey"])
    daemon.bucket("allowed")
    bucket = daemon.bucket("forbidden")

    def may(*statements):
        iam.call("iam", "PutUserPolicy", {"UserName": "filler", "PolicyName": "p", "PolicyDocument": policy(*statements)})

    def status(method, target, body=b"", headers=()):
        return s3.send(client, method, target, body, headers).status

    with story.case("without a policy nothing may be done, and nothing of a body is kept"):
        for method, target, body in (("GET", "/", b""), ("PUT", "/allowed/x", b"x"), ("GET", "/allowed", b""), ("DELETE", "/allowed", b""),
                                     ("PUT", "/made", b""), ("POST", "/allowed/x?uploads", b"")):
            assert status(method, target, body) == 403, (method, target)
        assert not list((daemon.state / "buckets" / "allowed").iterdir())

    with story.case("a policy is about buckets and the keys in them"):
        may(allow(["s3:PutObject", "s3:GetObject"], "arn:aws:s3:::allowed/in/*"), allow("s3:ListBucket", "arn:aws:s3:::allowed"),
            deny("s3:*", "arn:aws:s3:::allowed/in/secret*"))
        assert status("PUT", "/allowed/in/x", b"x") == 200 and status("GET", "/allowed/in/x") == 200
        assert status("HEAD", "/allowed/in/x") == 200 and status("GET", "/allowed?list-type=2") == 200 and status("HEAD", "/allowed") == 200
        for method, target, body in (("PUT", "/allowed/x", b"x"), ("PUT", "/allowed/in/secret", b"x"), ("DELETE", "/allowed/in/x", b""),
                                     ("PUT", "/forbidden/in/x", b"x"), ("GET", "/forbidden", b""), ("GET", "/", b"")):
            assert status(method, target, body) == 403, (method, target)
        error = signer.error_of(s3.send(client, "PUT", "/allowed/x", b"x"))
        assert error.code == "AccessDenied" and "s3:PutObject on resource: arn:aws:s3:::allowed/x" in error.message.replace(" is", "")\
            or "s3:PutObject" in error.message, error

    with story.case("s3:prefix says what of a bucket may be listed"):
        may(allow("s3:ListBucket", "arn:aws:s3:::allowed", Condition={"StringLike": {"s3:prefix": "in/*"}}))
        assert status("GET", "/allowed?list-type=2&prefix=in%2F") == 200
        assert status("GET", "/allowed?list-type=2&prefix=") == 403 and status("GET", "/allowed?list-type=2") == 403
        assert status("GET", "/allowed?prefix=out%2F") == 403
        may(allow(["s3:PutObject", "s3:GetObject"], "arn:aws:s3:::allowed/in/*"))

    with story.case("a copy needs both, and of many deletions each is answered by itself"):
        (bucket / "theirs").write_bytes(b"theirs")
        assert status("PUT", "/allowed/in/y", b"", [("x-amz-copy-source", "/forbidden/theirs")]) == 403
        assert status("PUT", "/allowed/in/y", b"", [("x-amz-copy-source", "/allowed/in/x")]) == 200
        may(allow("s3:DeleteObject", "arn:aws:s3:::allowed/in/*"))
        both = "<Delete><Object><Key>in/x</Key></Object><Object><Key>out</Key></Object></Delete>"
        (daemon.state / "buckets" / "allowed" / "out").write_bytes(b"stays")
        answer = s3.send(client, "POST", "/allowed?delete", both)
        assert answer.status == 200 and s3.texts(answer, "Key") == ["in/x", "out"] and s3.texts(answer, "Code") == ["AccessDenied"], answer.body
        assert "s3:DeleteObject" in s3.texts(answer, "Message")[0], answer.body
        assert not (daemon.state / "buckets" / "allowed" / "in" / "x").exists()
        assert (daemon.state / "buckets" / "allowed" / "out").exists()
        nothing = "<Delete><Object><Key>theirs</Key></Object></Delete>"
        for name in ("forbidden", "none-there"):  # who may remove nothing does not learn which buckets there are
            answer = s3.send(client, "POST", f"/{name}?delete", nothing)
            assert answer.status == 200 and s3.texts(answer, "Code") == ["AccessDenied"], answer.body
        assert (bucket / "theirs").exists()

    with story.case("who names an ETag has to be allowed to read it"):
        may(allow(["s3:PutObject", "s3:DeleteObject"], "arn:aws:s3:::allowed/in/*"))
        etag = s3.send(client, "PUT", "/allowed/in/e", b"x").header("ETag")[0]
        for method, name in (("PUT", "If-Match"), ("PUT", "If-None-Match"), ("DELETE", "If-Match")):
            answer = s3.send(client, method, "/allowed/in/e", b"", [(name, etag)])
            assert answer.status == 403 and b"s3:GetObject" in answer.body, (method, name, answer.body)
        assert status("PUT", "/allowed/in/e", b"y", [("If-None-Match", "*")]) == 412
        answer = s3.send(client, "POST", "/allowed?delete", f"<Delete><Object><Key>in/e</Key><ETag>{etag}</ETag></Object></Delete>")
        assert s3.texts(answer, "Code") == ["AccessDenied"], answer.body
        may(allow(["s3:PutObject", "s3:DeleteObject", "s3:GetObject"], "arn:aws:s3:::allowed/in/*"))
        assert status("PUT", "/allowed/in/e", b"y", [("If-Match", etag)]) == 200

    with story.case("aws:SourceIp holds for buckets, too"):
        elsewhere = {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
        here = {"Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}}
        may(allow("s3:*", "*", **elsewhere))
        assert status("PUT", "/allowed/x", b"x") == 403
        may(allow("s3:*", "*", **here))
        assert status("PUT", "/allowed/x", b"x") == 200


with harness.Story() as story:
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    permissions(story, daemon)
    by_boto3(story, daemon)
    by_rclone(story, daemon)
    by_aws(story, daemon)
    over_tls(story)
    to_a_partner(story, daemon)
    listing(story, daemon)
