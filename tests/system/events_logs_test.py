#!/usr/bin/env python3
"""CloudWatch Logs: what connectors with a LoggingRole have logged, read with the unmodified `aws`."""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws as signing  # noqa: E402
import cli  # noqa: E402
import events  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
from policies import allow, deny, policy, trusting  # noqa: E402


def logged(daemon, server):
    """A connector with a logging role."""
    partner = flows.partner_of(daemon, server)
    partner.call("UpdateConnector", ConnectorId=partner.id, LoggingRole=daemon.env["SALLYPORT_ROLE"])
    return partner


def group_of(partner):
    return f"/aws/transfer/{partner.id}"


def call(daemon, operation, **arguments):
    return daemon.client.call("logs", operation, arguments)


def refused(daemon, code, words, operation, **arguments):
    try:
        answer = call(daemon, operation, **arguments)
    except signing.AwsError as error:
        assert error.code == code and words in error.message, error
        return
    raise AssertionError(f"was not refused: {answer}")


def messages(answer):
    return [json.loads(event["message"]) for event in answer["events"]]


def with_the_cli(story, daemon, server):
    cli.needs()
    partner, silent = logged(daemon, server), flows.partner_of(daemon, server)
    for sender in (partner, silent):
        sender.wait_completed(sender.send("/files/a", to=server.home))
        sender.wait_completed(sender.retrieve(server.home / "a", to="/files/in"))
        sender.wait(sender.send("/files/none"))

    with story.case("aws logs describe-log-groups: the connector with a LoggingRole, and no other one"):
        found = cli.aws(daemon, "logs", "describe-log-groups")["logGroups"]
        assert [group["logGroupName"] for group in found] == [group_of(partner)], found
        assert found[0]["retentionInDays"] == 30 and found[0]["arn"].endswith(f":log-group:{group_of(partner)}:*"), found
        assert 0 <= time.time() * 1000 - found[0]["creationTime"] < 600000, found
        assert cli.aws(daemon, "logs", "describe-log-groups", "--log-group-name-prefix", "/aws/lambda")["logGroups"] == []

    with story.case("aws logs describe-log-streams: one stream, with the times of its first and last record"):
        stream, = cli.aws(daemon, "logs", "describe-log-streams", "--log-group-name", group_of(partner))["logStreams"]
        assert stream["logStreamName"] == partner.id, stream
        assert stream["firstEventTimestamp"] <= stream["lastEventTimestamp"] == stream["lastIngestionTime"], stream

    with story.case("aws logs get-log-events: a record for each file, with the members that AWS has"):
        answer = cli.aws(daemon, "logs", "get-log-events", "--log-group-name", group_of(partner), "--log-stream-name",
                         partner.id, "--start-from-head")
        sent, fetched, failed = messages(answer)
        always = {"operation", "timestamp", "connector-id", "connector-arn", "account-id", "transfer-id", "file-transfer-id",
                  "url", "file-path", "status-code", "bytes", "egress-type"}
        assert set(sent) == always | {"start-time", "end-time", "remote-directory-path"}, sent
        assert set(fetched) == always | {"start-time", "end-time", "local-directory-path"}, fetched
        assert set(failed) - {"start-time", "end-time"} == always | {"failure-code", "failure-message"}, failed
        assert (sent["operation"], sent["status-code"], sent["bytes"]) == ("SEND", "COMPLETED", 1), sent
        assert (fetched["operation"], fetched["file-path"]) == ("RETRIEVE", str(server.home / "a")), fetched
        assert failed["failure-code"] == "SEND_FILE_NOT_FOUND", failed
        assert all(event["timestamp"] == event["ingestionTime"] for event in answer["events"]), answer

    with story.case("aws logs filter-log-events: terms, quoted words, one of several, none of"):
        def found(*pattern):
            answer = cli.aws(daemon, "logs", "filter-log-events", "--log-group-name", group_of(partner), *pattern)
            return [(message["operation"], message["status-code"]) for message in messages(answer)]
        everything = [("SEND", "COMPLETED"), ("RETRIEVE", "COMPLETED"), ("SEND", "FAILED")]
        assert found() == everything
        assert found("--filter-pattern", "FAILED") == everything[2:]
        assert found("--filter-pattern", "SEND COMPLETED") == everything[:1]
        assert found("--filter-pattern", "?RETRIEVE ?FAILED") == everything[1:]
        # A term that begins with a hyphen would be an option of the CLI.
        assert found("--filter-pattern=-FAILED") == everything[:2]
        assert found("--filter-pattern", '"\\"status-code\\":\\"FAILED\\""') == everything[2:]
        words = cli.refusal(daemon, "logs", "filter-log-events", "--log-group-name", group_of(partner), "--filter-pattern",
                            "{ $.status-code = FAILED }")
        assert "InvalidParameterException" in words and "{ $.member = value }) are not offered" in words, words

    with story.case("a connector without a LoggingRole has logged nothing, and is told what that takes"):
        words = cli.refusal(daemon, "logs", "filter-log-events", "--log-group-name", group_of(silent))
        assert "ResourceNotFoundException" in words and "The specified log group does not exist" in words, words
        assert "while it had a LoggingRole" in words, words


def pages(story, daemon, server):
    partner = logged(daemon, server)
    place = {"logGroupName": group_of(partner), "logStreamName": partner.id}

    def send(count):
        for _ in range(count):
            partner.wait(partner.send("/files/a", "/files/none", to=server.home))

    def ids(answer):
        return [message["file-transfer-id"] for message in messages(answer)]

    send(4)
    everything = ids(call(daemon, "GetLogEvents", **place, startFromHead=True))
    assert len(everything) == 8

    with story.case("forward page by page; at the end the token stays the same, and later records come behind it"):
        seen, token = [], {}
        while True:
            answer = call(daemon, "GetLogEvents", **place, startFromHead=True, limit=3, **token)
            seen += ids(answer)
            if token.get("nextToken") == answer["nextForwardToken"]:
                break
            token = {"nextToken": answer["nextForwardToken"]}
        assert seen == everything
        send(1)
        answer = call(daemon, "GetLogEvents", **place, **token)
        assert len(ids(answer)) == 2 and not set(ids(answer)) & set(everything)
        everything += ids(answer)

    with story.case("without a token the newest come, in their order, and backward the older ones until the token stays the same"):
        answer = call(daemon, "GetLogEvents", **place, limit=4)
        seen = ids(answer)
        assert seen == everything[-4:]
        while True:
            token = answer["nextBackwardToken"]
            answer = call(daemon, "GetLogEvents", **place, limit=4, nextToken=token)
            seen = ids(answer) + seen
            if answer["nextBackwardToken"] == token:
                break
        assert seen == everything
        answer = call(daemon, "GetLogEvents", **place, nextToken=answer["nextForwardToken"])
        assert ids(answer) == everything, "and forward again from there"

    with story.case("start and end of a range: the first counts, the end does not (GetLogEvents) or does (FilterLogEvents)"):
        times = [event["timestamp"] for event in call(daemon, "GetLogEvents", **place, startFromHead=True)["events"]]
        inner = [item for item, at in zip(everything, times) if times[2] <= at < times[-1]]
        assert ids(call(daemon, "GetLogEvents", **place, startTime=times[2], endTime=times[-1])) == inner
        closed = [item for item, at in zip(everything, times) if times[2] <= at <= times[-1]]
        found = call(daemon, "FilterLogEvents", logGroupName=group_of(partner), startTime=times[2], endTime=times[-1])
        assert ids(found) == closed

    with story.case("FilterLogEvents page by page, each with its id, until there is no token"):
        seen, token = [], {}
        while True:
            answer = call(daemon, "FilterLogEvents", logGroupName=group_of(partner), filterPattern="COMPLETED", limit=2, **token)
            seen += [event["eventId"] for event in answer["events"]]
            assert len(answer["events"]) <= 2 and answer["searchedLogStreams"][0]["logStreamName"] == partner.id
            if "nextToken" not in answer:
                break
            token = {"nextToken": answer["nextToken"]}
        assert len(seen) == len(set(seen)) == 5 and answer["searchedLogStreams"][0]["searchedCompletely"]

    with story.case("groups page by page, by prefix, by pattern and by name"):
        others = [logged(daemon, server) for _ in range(3)]
        for other in others:
            other.wait(other.send("/files/none"))
        names, token = [], {}
        while True:
            answer = call(daemon, "DescribeLogGroups", limit=2, **token)
            names += [group["logGroupName"] for group in answer["logGroups"]]
            if "nextToken" not in answer:
                break
            token = {"nextToken": answer["nextToken"]}
        assert names == sorted(names) and {group_of(other) for other in (*others, partner)} <= set(names), names
        for question in ({"logGroupNamePrefix": group_of(partner)}, {"logGroupNamePattern": partner.id[5:]},
                         {"logGroupIdentifiers": [group_of(partner)]}):
            found = call(daemon, "DescribeLogGroups", **question)["logGroups"]
            assert [group["logGroupName"] for group in found] == [group_of(partner)], question

    with story.case("what makes no sense is refused in the words of CloudWatch Logs"):
        group = {"logGroupName": group_of(partner)}
        bad, missing = "InvalidParameterException", "ResourceNotFoundException"
        token = call(daemon, "GetLogEvents", **place)["nextForwardToken"]
        refused(daemon, bad, "exactly one of", "FilterLogEvents")
        refused(daemon, bad, "exactly one of", "FilterLogEvents", **group, logGroupIdentifier="x")
        refused(daemon, missing, "The specified log group", "FilterLogEvents", logGroupName="/aws/lambda/x")
        refused(daemon, missing, "The specified log stream", "GetLogEvents", **group, logStreamName="x")
        refused(daemon, missing, "The specified log stream", "FilterLogEvents", **group, logStreamNames=["x"])
        refused(daemon, bad, "nextToken", "FilterLogEvents", **group, nextToken=token)
        refused(daemon, bad, "nextToken", "GetLogEvents", logGroupName=group_of(others[0]), logStreamName=others[0].id,
                nextToken=token)
        refused(daemon, bad, "nextToken", "GetLogEvents", **place, nextToken=token[:-2] + "AA")
        refused(daemon, bad, "limit", "FilterLogEvents", **group, limit=10001)
        refused(daemon, bad, "Invalid character(s) in term 'a.b'", "FilterLogEvents", **group, filterPattern="a.b")
        refused(daemon, bad, "logGroupNamePattern", "DescribeLogGroups", logGroupNamePrefix="a", logGroupNamePattern="b")

    with story.case("records outlive their connector, and have the group's ARN for a name too"):
        partner.call("DeleteConnector", ConnectorId=partner.id)
        arn, = [group["arn"] for group in call(daemon, "DescribeLogGroups", logGroupNamePrefix=group_of(partner))["logGroups"]]
        assert ids(call(daemon, "FilterLogEvents", logGroupIdentifier=arn)) == everything
        assert [row[0] for row in events.in_store(daemon)].count(partner.id) == len(everything)


def permissions(story, daemon, server):
    """What a LoggingRole may decides about each record, and about nothing else."""
    account, region = daemon.env["SALLYPORT_ROLE"].split(":")[4], daemon.env["AWS_REGION"]
    role = f"arn:aws:iam::{account}:role/logger"
    partner = flows.partner_of(daemon, server)
    partner.call("UpdateConnector", ConnectorId=partner.id, LoggingRole=role)
    group = f"arn:aws:logs:{region}:{account}:log-group:{group_of(partner)}"
    ended = []

    def iam(operation, **arguments):
        daemon.client.call("iam", operation, {"RoleName": "logger", **arguments})

    def may(*statements):
        iam("PutRolePolicy", PolicyName="p", PolicyDocument=policy(*statements))

    def end():
        """A file of ours ends; whether that was logged. One that fails before it is queued is logged as well."""
        transfer = partner.send("/files/a", "/No_Bucket/x", to=server.home)
        partner.wait(transfer)
        ended.append(transfer)
        try:
            found = messages(call(daemon, "FilterLogEvents", logGroupName=group_of(partner)))
        except signing.AwsError as error:
            assert error.code == "ResourceNotFoundException" and "may do logs:PutLogEvents" in error.message, error
            return False
        found = [message for message in found if message["transfer-id"] == transfer]
        assert len(found) in (0, 2), found
        return len(found) == 2

    with story.case("a LoggingRole that is not there, or may not log, has no records"):
        assert not end()
        iam("CreateRole", AssumeRolePolicyDocument=trusting())
        assert not end()
        may(allow("logs:PutLogEvents", group.replace(partner.id, "c-00000000000000000") + ":*"))
        assert not end()

    with story.case("as soon as its policy lets it, it logs, and no longer than that"):
        may(allow("logs:PutLogEvents", group + ":*"))
        assert end()
        may(allow("logs:PutLogEvents", group + ":*"), deny("logs:*"))
        assert not end()
        may(allow("logs:PutLogEvents", f"{group}:log-stream:*"))
        assert end()
        iam("UpdateAssumeRolePolicy", PolicyDocument=trusting("s3.amazonaws.com"))
        assert not end()
        iam("UpdateAssumeRolePolicy", PolicyDocument=trusting(Condition={
            "ArnLike": {"aws:SourceArn": f"arn:aws:transfer:{region}:{account}:connector/{partner.id}"}}))
        iam("DeleteRolePolicy", PolicyName="p")
        assert not end()
        iam("AttachRolePolicy", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSTransferLoggingAccess")
        assert end()

    with story.case("events are told of all the same"):
        assert [row[0] for row in events.in_store(daemon)].count(partner.id) == 2 * len(ended)


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    (daemon.bucket("files") / "a").write_bytes(b"a")
    (daemon.bucket("files") / "in").mkdir()
    pages(story, daemon, server)
    permissions(story, daemon, server)
    with harness.Daemon(story.folder / "second") as second:
        (second.bucket("files") / "a").write_bytes(b"a")
        (second.bucket("files") / "in").mkdir()
        with_the_cli(story, second, server)
