"""What the stories do again and again through the API: a secret, a connector, a transfer, its results."""

import hashlib
import itertools
import json
import os

import harness

_numbers = itertools.count(1)
ENDED = ("COMPLETED", "FAILED")


class Partner:
    """A connector and its secret on @daemon: to @url, or by @egress, (ARN of a resource configuration, port)."""

    def __init__(self, daemon, url, secret, trusted=(), connections=1, policy=None, egress=None):
        self.daemon = daemon
        self.secret = self.call_secrets("CreateSecret", Name=f"partner-{next(_numbers)}",
                                        SecretString=json.dumps(secret))["ARN"]
        config = {"UserSecretId": self.secret, "TrustedHostKeys": list(trusted), "MaxConcurrentConnections": connections}
        if not trusted:
            del config["TrustedHostKeys"]
        more = {"SecurityPolicyName": policy} if policy else {}
        if egress:
            more["EgressConfig"] = {"VpcLattice": {"ResourceConfigurationArn": egress[0], "PortNumber": egress[1]}}
        else:
            more["Url"] = url
        self.id = self.call("CreateConnector", AccessRole=daemon.env["SALLYPORT_ROLE"], SftpConfig=config,
                            **more)["ConnectorId"]

    def call(self, operation, **arguments):
        return self.daemon.client.call("transfer", operation, arguments)

    def call_secrets(self, operation, **arguments):
        return self.daemon.client.call("secretsmanager", operation, arguments)

    def describe(self):
        return self.call("DescribeConnector", ConnectorId=self.id)["Connector"]

    def settled(self):
        """How it is described once it is no longer PENDING."""
        def ready():
            found = self.describe()
            return found if found["Status"] != "PENDING" else None
        return harness.wait_until(ready, "the connector to be no longer PENDING")

    def trace(self):
        """The native test's answer: all steps."""
        return self.daemon.client.rest("sallyport", "POST", f"/v1/connectors/{self.id}/test")

    def test(self):
        return self.call("TestConnection", ConnectorId=self.id)

    def send(self, *paths, to=None):
        more = {"RemoteDirectoryPath": str(to)} if to is not None else {}
        return self.call("StartFileTransfer", ConnectorId=self.id, SendFilePaths=list(paths), **more)["TransferId"]

    def retrieve(self, *paths, to):
        return self.call("StartFileTransfer", ConnectorId=self.id, RetrieveFilePaths=[str(path) for path in paths],
                         LocalDirectoryPath=to)["TransferId"]

    def results(self, transfer):
        return self.call("ListFileTransferResults", ConnectorId=self.id, TransferId=transfer)["FileTransferResults"]

    def wait(self, transfer, seconds=60):
        """The results, once every file has ended."""
        def ended():
            results = self.results(transfer)
            return results if all(result["StatusCode"] in ENDED for result in results) else None
        try:
            return harness.wait_until(ended, "the transfer to end", seconds, every=0.03)
        except harness.NotInTime as late:
            raise harness.NotInTime(f"{late}: {self.results(transfer)}") from None

    def wait_completed(self, transfer, seconds=60):
        results = self.wait(transfer, seconds)
        assert all(result["StatusCode"] == "COMPLETED" for result in results), results
        return results

    def wait_failed(self, transfer, code, *words, seconds=60):
        """One file that failed with the contract's code and a sentence that holds every one of @words."""
        results = self.wait(transfer, seconds)
        assert len(results) == 1 and results[0]["StatusCode"] == "FAILED", results
        message = results[0].get("FailureMessage", "")
        codes = (code,) if isinstance(code, str) else code
        assert results[0].get("FailureCode") in codes, results
        for word in words:
            assert word in message, f"the sentence does not say {word!r}: {message!r}"
        return message


def partner_of(daemon, server, **options):
    """A partner that logs in to @server with its key and trusts all its host keys."""
    options.setdefault("trusted", server.trusted_keys())
    options.setdefault("url", None if "egress" in options else server.url)
    options.setdefault("secret", {"Username": server.user, "PrivateKey": server.private_key})
    return Partner(daemon, **options)


def write_random(path, size, chunk=8 << 20):
    """@size random bytes; returns their SHA-256."""
    digest = hashlib.sha256()
    if not isinstance(path, (str, bytes, os.PathLike)):  # storage.Folder
        data = os.urandom(size)
        path.write_bytes(data)
        return hashlib.sha256(data).hexdigest()
    with open(path, "wb") as out:
        while size > 0:
            data = os.urandom(min(size, chunk))
            digest.update(data)
            out.write(data)
            size -= len(data)
    return digest.hexdigest()


def sha256_of(path, chunk=8 << 20):
    digest = hashlib.sha256()
    if not isinstance(path, (str, bytes, os.PathLike)):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    with open(path, "rb") as source:
        while data := source.read(chunk):
            digest.update(data)
    return digest.hexdigest()


def parts_in(*folders):
    """What was left behind: our parts at the partner, and what we put aside there; our stagings in a bucket."""
    left = []
    for folder in folders:
        if not isinstance(folder, (str, bytes, os.PathLike)):
            left += folder.left()
            continue
        for path, _, names in os.walk(os.fsencode(folder)):
            staging = os.path.basename(path) == b".sallyport"
            left += [os.path.join(path, name) for name in names
                     if staging or (name.startswith(b".sp-") and name.endswith((b".part", b".old")))]
    return left
