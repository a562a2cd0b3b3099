#!/usr/bin/env python3
"""A partner's login is rotated: OrderedUserSecretVersionStages says which versions of the secret are tried, in which order."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402


def login(user, key):
    return json.dumps({"Username": user, "PrivateKey": key})


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    (daemon.bucket("out") / "a").write_bytes(b"a")
    inbox = server.home / "in"
    inbox.mkdir()
    sshd.make_key(story.folder / "next")
    new_key = (story.folder / "next").read_text(encoding="ascii")
    partner = flows.partner_of(daemon, server)

    def stages(*names):
        partner.call("UpdateConnector", ConnectorId=partner.id, SftpConfig={"OrderedUserSecretVersionStages": list(names)})

    def put(value):
        partner.call_secrets("PutSecretValue", SecretId=partner.secret, SecretString=value)

    with story.case("the version AWSCURRENT is tried, and no other, when nothing is said"):
        put(login(server.user, new_key))
        assert "OrderedUserSecretVersionStages" not in partner.describe()["SftpConfig"]
        test = partner.test()
        assert test["Status"] == "ERROR" and "did not accept user" in test["StatusMessage"], test

    with story.case("with AWSCURRENT and AWSPREVIOUS the one that the partner does not know yet is followed by the old one"):
        stages("AWSCURRENT", "AWSPREVIOUS")
        assert partner.describe()["SftpConfig"]["OrderedUserSecretVersionStages"] == ["AWSCURRENT", "AWSPREVIOUS"]
        assert partner.test()["Status"] == "OK"
        partner.wait_completed(partner.send("/out/a", to=inbox))

    with story.case("once the partner has the new key, the first version is enough"):
        server.authorize(sshd.public_line(story.folder / "next"))
        stages("AWSCURRENT")
        partner.wait_completed(partner.send("/out/a", to=inbox))

    with story.case("a stage that no version has is passed over"):
        stages("AWSPENDING", "AWSCURRENT")
        assert partner.test()["Status"] == "OK"

    with story.case("where no version can be read, the first stage is named"):
        stages("AWSPENDING", "NOT-YET")
        test = partner.test()
        assert test["Status"] == "ERROR" and "Cannot access secret manager" in test["StatusMessage"], test
        assert "AWSPENDING" in test["StatusMessage"], test

    with story.case("versions for different users are refused"):
        put(login("somebody-else", new_key))
        stages("AWSCURRENT", "AWSPREVIOUS")
        test = partner.test()
        assert test["Status"] == "ERROR" and "Username" in test["StatusMessage"], test

    with story.case("an empty list is AWSCURRENT alone again"):
        put(login(server.user, new_key))
        stages()
        assert "OrderedUserSecretVersionStages" not in partner.describe()["SftpConfig"]
        assert partner.test()["Status"] == "OK"
