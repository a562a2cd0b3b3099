#!/usr/bin/env python3
"""A bucket at storage is set up (Ceph's radosgw), and `sallyport bucket test` says whether it works or what is wrong with it:
the secret, the name, the port, the certificate, a permission. The policy of doc/storage.md is enough for all transfers."""

import json
import pathlib
import re
import sys
import time
import types

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import policies  # noqa: E402
import sallyport_cli as cli  # noqa: E402
import sshd  # noqa: E402
import storage  # noqa: E402
import storage_proxy as bad  # noqa: E402

TEST_FAILED = 7
KEY = ".sallyport-test"
PART = 8 << 20


def documented_policy(bucket, user):
    """As a reader of doc/storage.md pastes it, for one user of radosgw."""
    text = (harness.ROOT / "doc" / "storage.md").read_text(encoding="utf-8")
    policy = re.search(r"```json\n(\{.*?\})\n```", text, re.S).group(1).replace("company-data", bucket)
    policy = json.loads(policy)
    for statement in policy["Statement"]:
        statement["Principal"] = {"AWS": [f"arn:aws:iam:::user/{user}"]}
    return policy


def without(policy, *actions):
    """The same, and these are denied: at radosgw an object's owner needs no permission for it."""
    denied = [{**statement, "Effect": "Deny", "Action": list(actions)} for statement in policy["Statement"]]
    return {**policy, "Statement": policy["Statement"] + denied}


with harness.Story() as story:
    gateway = story.enter(storage.Radosgw(story.folder / "ceph"))
    bucket, allowed = gateway.create("files"), gateway.create("allowed")
    gateway.run("radosgw-admin", "-n", "client.admin", "user", "create", "--uid=reader", "--display-name=reader",
                "--access-key=READERSACCESSKEY0001", "--secret-key=readersecretreadersecret1")
    weak, wrong, unknown = (story.folder / name for name in ("weak", "wrong", "unknown"))
    storage.write_credentials(weak, "READERSACCESSKEY0001", "readersecretreadersecret1")
    storage.write_credentials(wrong, secret_key="another-secret-than-the-right-one")
    storage.write_credentials(unknown, access_key="NOBODYSACCESSKEY0001")
    # What it puts is its own, and the bucket's owner may not read it.
    mine = storage.Bucket(types.SimpleNamespace(port=gateway.port, region=gateway.region, access_key="READERSACCESSKEY0001",
                                                secret_key="readersecretreadersecret1"), "allowed")
    strangers = story.folder / "strangers.pem"
    storage.make_authority(strangers)
    silent = story.enter(bad.Silent())
    nobody = f"http://127.0.0.1:{storage.free_port()}"
    missing = storage.Bucket(gateway, "filse")
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {
        **bucket.settings("files"), **bucket.settings("below", prefix="deep/er"), **allowed.settings("allowed", credentials=weak),
        **bucket.settings("guarded", endpoint=gateway.tls_endpoint), "bucket.guarded.ca": gateway.authority,
        **bucket.settings("distrusted", endpoint=gateway.tls_endpoint.replace("127.0.0.1", "localhost")),
        "bucket.distrusted.ca": strangers,
        **bucket.settings("wrong", credentials=wrong), **bucket.settings("unknown", credentials=unknown),
        **missing.settings("misspelt"), **bucket.settings("nobody", endpoint=nobody),
        **bucket.settings("silent", endpoint=silent.endpoint), "transfer.attempts": "1"}))
    documented = documented_policy("allowed", "reader")

    def allow(what):
        allowed.call("PUT", query={"policy": ""}, body=json.dumps(what).encode())

    def test(name, status="OK"):
        """{step: (status, message)}"""
        found = cli.answer(daemon, "bucket", "test", name, status=TEST_FAILED if status == "FAILED" else 0)
        assert found["Status"] == status, found
        return {step["Step"]: (step["Status"], step["Message"]) for step in found["Steps"]}

    def fails(name, *words):
        """At one step, which says why."""
        steps = test(name, "FAILED")
        bads = [message for status, message in steps.values() if status == "FAILED"]
        assert len(bads) == 1 and all(word in bads[0] for word in words), steps
        return steps

    with story.case("a bucket that works passes every step, also below a prefix and over TLS, and nothing of the test is left"):
        for name in ("files", "below", "guarded"):
            steps = test(name)
            assert {"PutObject", "GetObject", "CreateMultipartUpload", "ListParts", "AbortMultipartUpload", "DeleteObject"} <= set(steps)
        assert bucket.keys() == [] and bucket.uploads() == []

    with story.case("a wrong secret, an unknown key, a misspelt bucket, a port where nobody listens: each is said at the first step"):
        assert len(fails("wrong", "SignatureDoesNotMatch", "the secret is another one")) == 1
        assert len(fails("unknown", "InvalidAccessKeyId", "does not know the access key")) == 1
        assert len(fails("misspelt", "NoSuchBucket", "behind s3://")) == 1
        assert len(fails("nobody", nobody, "onnect")) == 1

    with story.case("a certificate of somebody else's is said with the file of those that are trusted"):
        assert len(fails("distrusted", "certificate", str(strangers))) == 1

    with story.case("storage that says nothing is waited for some seconds, once, and holds up no other bucket's test"):
        began = time.monotonic()
        assert len(fails("silent", silent.endpoint)) == 1
        assert time.monotonic() - began < 20
        test("files")

    with story.case("the start told the log of each of these buckets, and of no other"):
        harness.wait_until(lambda: 'bucket "silent" may not work' in daemon.log_text(), "the look at the last bucket", 30)
        told = set(re.findall(r'bucket "(\w+)" may not work', daemon.log_text()))
        assert told == {"distrusted", "wrong", "unknown", "misspelt", "nobody", "silent", "allowed"}, told

    with story.case("credentials that were put right are taken without a new start"):
        storage.write_credentials(wrong)
        test("wrong")

    with story.case("with the policy of doc/storage.md every step passes, and files go both ways, small ones and large ones"):
        allow(documented)
        test("allowed")
        partner = flows.partner_of(daemon, server)
        (server.home / "in").mkdir()
        for size in (100, PART + 1):
            allowed.put(f"key-{size}", b"x" * size)
            partner.wait_completed(partner.send(f"/allowed/key-{size}", to=server.home / "in"))
            partner.wait_completed(partner.retrieve(server.home / "in" / f"key-{size}", to="/allowed/back"))
            assert mine.get(f"back/key-{size}") == b"x" * size
        test("allowed")

    with story.case("each permission that is missing is named"):
        allow(without(documented, "s3:PutObject"))
        steps = test("allowed", "FAILED")
        assert steps["PutObject"][0] == steps["CreateMultipartUpload"][0] == "FAILED", steps
        assert "s3:PutObject" in steps["PutObject"][1] and "AccessDenied" in steps["PutObject"][1], steps
        allow(without(documented, "s3:GetObject"))
        assert "s3:GetObject" in test("allowed", "FAILED")["GetObject"][1]
        allow(without(documented, "s3:ListBucket"))
        found = test("allowed", "WARNING")["Look"]
        assert found[0] == "WARNING" and "s3:ListBucket" in found[1], found
        allow(without(documented, "s3:AbortMultipartUpload"))
        assert "s3:AbortMultipartUpload" in test("allowed", "FAILED")["AbortMultipartUpload"][1]
        allowed.abort_uploads()

    with story.case("who may not delete can move files, and the object of the test stays"):
        allow(without(documented, "s3:DeleteObject"))
        assert "stays" in test("allowed")["DeleteObject"][1]
        assert KEY in allowed.keys()
        test("allowed")
        allow(documented)
        test("allowed")
        assert KEY not in allowed.keys()

    with story.case("a bucket that there is not, and somebody who may not ask"):
        cli.refusal(daemon, 3, "bucket", "test", "nowhere")
        daemon.client.call("iam", "CreateUser", {"UserName": "few"})
        made = daemon.client.call("iam", "CreateAccessKey", {"UserName": "few"})["AccessKey"]
        few = {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}

        def may(resource):
            daemon.client.call("iam", "PutUserPolicy", {"UserName": "few", "PolicyName": "test", "PolicyDocument": policies.policy(
                policies.allow("sallyport:TestBucket", f"arn:aws:s3:::{resource}"))})
        assert "sallyport:TestBucket" in cli.refusal(daemon, 4, "bucket", "test", "files", **few)
        may("below")
        cli.refusal(daemon, 4, "bucket", "test", "files", **few)
        cli.good(daemon, "bucket", "test", "below", **few)
