#!/usr/bin/env python3
"""The flow log: every connection is recorded, whatever becomes of it, and recording one never keeps it open."""

import contextlib
import json
import os
import pathlib
import signal
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import sshd  # noqa: E402
import vpcs  # noqa: E402

SIZE = 10 << 20
END_SECONDS = 3  # a partner that hears of the end only by a time-out hears of it much later
SMALL_LOG = 64 << 10
LOGS_KEPT = 2


def page(daemon, **arguments):
    """One answer of GET /v1/flows."""
    query = urllib.parse.urlencode(sorted(arguments.items()))
    return daemon.client.rest("sallyport", "GET", f"/v1/flows{'?' + query if query else ''}")


def records(daemon, **filters):
    """All that match, the newest first."""
    answer = page(daemon, **filters)
    found = answer["Flows"]
    while "NextToken" in answer:
        answer = page(daemon, **filters, NextToken=answer["NextToken"])
        found += answer["Flows"]
    return found


def wait_for(daemon, what, wanted, **filters):
    """The records, once @wanted(records)."""
    def look():
        found = records(daemon, **filters)
        return found if wanted(found) else None
    try:
        return harness.wait_until(look, what)
    except harness.NotInTime as late:
        raise harness.NotInTime(f"{late}: {records(daemon, **filters)}") from None


def only(daemon, partner, state="ENDED"):
    """The one record of a partner, in @state."""
    def is_it(found):
        return [record["State"] for record in found] == [state]
    return wait_for(daemon, f"one record that is {state}", is_it, ConnectorId=partner.id)[0]


def send_away(partner):
    """A connector that was changed gets another worker: the one that it has leaves in order."""
    partner.call("UpdateConnector", ConnectorId=partner.id,
                 SecurityPolicyName="TransferSFTPConnectorSecurityPolicy-2024-03")


def wait_no_session(server):
    """The server hears of the end at once. Returns how long it took."""
    began = time.monotonic()
    harness.wait_until(lambda: not server.sessions(), "the server to see the end of its sessions", END_SECONDS)
    return time.monotonic() - began


def seconds(record, name):
    return time.strptime(record[name][:19], "%Y-%m-%dT%H:%M:%S")


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def warm(daemon, server, **options):
    """A partner with a connection that is open and at rest."""
    partner = flows.partner_of(daemon, server, **options)
    partner.wait_completed(partner.send("/files/small", to=server.home))
    assert server.sessions()
    return partner


def bytes_each_way(story, daemon, server):
    flows.write_random(daemon.bucket("files") / "large", SIZE)
    proxy = story.enter(harness.Proxy(server.port))

    with story.case("10 MiB each way are in the records, to the byte, with connector, transfer, source and target"):
        for way in ("BytesSent", "BytesReceived"):
            before = proxy.passed()
            partner = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}")
            if way == "BytesSent":
                transfer = partner.send("/files/large", to=server.home)
            else:
                transfer = partner.retrieve(server.home / "large", to="/files/back")
            partner.wait_completed(transfer)
            record = only(daemon, partner, "OPEN")
            assert "Ended" not in record and record["TransferId"] == transfer, record
            assert record["Target"] == f"127.0.0.1:{proxy.port}" and record["Verdict"] == "ACCEPTED", record
            assert record["Source"].startswith("127.0.0.1:") and "NetworkInterfaceId" not in record, record
            assert "Step" not in record and "Reason" not in record and record["Id"].startswith("flow-"), record
            send_away(partner)
            record = only(daemon, partner)
            assert SIZE < record[way] < SIZE * 1.02 + 100000, record
            up, down, _ = (now - then for now, then in zip(proxy.passed(), before))
            assert record["BytesSent"] == up, (record, up)
            assert record["BytesReceived"] - down in (0, 1), (record, down)  # the end itself may count
            assert seconds(record, "Began") <= seconds(record, "Ended"), record

    with story.case("a second transfer on the same connection has no record of its own"):
        partner = warm(daemon, server)
        first = only(daemon, partner, "OPEN")["TransferId"]
        second = partner.send("/files/small", to=server.home)
        partner.wait_completed(second)
        assert only(daemon, partner, "OPEN")["TransferId"] == first != second
        assert records(daemon, TransferId=second) == []
        send_away(partner)
        only(daemon, partner)

    with story.case("the bytes of a connection that is open are noted from time to time"):
        partner = warm(daemon, server)
        record = wait_for(daemon, "bytes of an open connection", lambda found: found and found[0]["BytesSent"] > 0,
                          ConnectorId=partner.id)[0]
        assert record["State"] == "OPEN", record
        partner.wait_completed(partner.send("/files/small", to=server.home))
        send_away(partner)
        assert only(daemon, partner)["BytesSent"] > record["BytesSent"]


def ends(story, daemon, server):
    took = {}

    with story.case("a worker that leaves, or is killed, leaves no session at the server"):
        partner = warm(daemon, server)
        send_away(partner)
        took["leaves"] = wait_no_session(server)
        only(daemon, partner)
        partner = warm(daemon, server)
        worker, = daemon.workers()
        os.kill(worker, signal.SIGKILL)
        took["killed"] = wait_no_session(server)
        only(daemon, partner)

    with story.case("a connection that a worker gives up is closed while the worker lives on"):
        # Tried again, but not soon: a file that FAILS would have its worker sent away.
        patient = story.enter(harness.Daemon(story.folder / "patient", {
            "transfer.retry_delay": "5m", "transfer.retry_delay_max": "5m"}))
        (patient.bucket("files") / "small").write_bytes(b"small")
        rude = story.enter(sshd.Sshd(story.folder / "rude", options=("ForceCommand /bin/false",)))
        partner = flows.partner_of(patient, rude)
        partner.send("/files/small", to=rude.home)
        assert only(patient, partner)["Verdict"] == "ACCEPTED"
        took["given up"] = wait_no_session(rude)
        assert len(patient.workers()) == 1, patient.workers()

    with story.case("a server that ends a session, or resets the connection, ends the record"):
        partner = warm(daemon, server)
        server.signal_sessions(signal.SIGKILL)
        only(daemon, partner)
        send_away(partner)
        proxy = story.enter(harness.Proxy(server.port))
        partner = warm(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}")
        assert proxy.tell("reset") == "ok"
        only(daemon, partner)
        took["reset"] = wait_no_session(server)
        send_away(partner)

    with story.case("a test has a record without a transfer, and is over at the server when it is answered"):
        partner = flows.partner_of(daemon, server)
        assert partner.test()["Status"] == "OK"
        took["tested"] = wait_no_session(server)
        record = only(daemon, partner)
        assert "TransferId" not in record and record["BytesSent"] > 1000 < record["BytesReceived"], record

    for what, time_taken in took.items():
        print(f"# {what}: {time_taken * 1000:.0f} ms")


def lists(story, daemon, server):
    with story.case("who is refused, who fails: the verdict says which, the step where, and the reason why"):
        port = sshd.free_port()
        partner = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{port}")
        partner.test()
        record = only(daemon, partner)
        assert (record["Verdict"], record["Step"]) == ("FAILED", "connect"), record
        assert record["Target"] == f"127.0.0.1:{port}" and "Connection refused" in record["Reason"], record
        assert record["Began"] <= record["Ended"] and record["BytesSent"] == 0, record

        vpc = vpcs.Vpc(daemon, "127.77.0.0/16", pairs={"sallyport:network": "host"})
        subnet = vpc.subnet("127.77.1.0/24")
        group = vpc.group(vpcs.allow("127.0.0.9/32", server.port))
        gateway = vpc.gateway([subnet], [group])
        eni, = vpc.interfaces().values()
        partner = vpcs.partner_through(daemon, vpc, gateway, server)
        assert partner.settled()["Status"] == "ACTIVE" and partner.test()["Status"] == "ERROR"
        record = only(daemon, partner)
        assert (record["Verdict"], record["Step"]) == ("REJECTED", "security-groups"), record
        assert record["NetworkInterfaceId"] == eni and record["Source"].startswith("127.77.1."), record
        assert group in record["Reason"] and record["Target"] == f"127.0.0.1:{server.port}", record

        partner = vpcs.partner_through(daemon, vpc, gateway, server)
        partner.settled()
        daemon.client.rest("vpc-lattice", "PATCH", f"/resourceconfigurations/{partner.arn.rpartition('/')[2]}",
                           {"portRanges": ["1-1"]})
        partner.test()
        record = only(daemon, partner)
        assert (record["Verdict"], record["Step"]) == ("REJECTED", "port"), record

    with story.case("what a filter asks for is found, and nothing else"):
        everything = records(daemon)
        assert len(everything) > 8, everything
        assert len({record["Id"] for record in everything}) == len(everything)
        ended = [record["Ended"] for record in everything if record["Verdict"] != "ACCEPTED"]
        assert ended == sorted(ended, reverse=True), ended
        for name, wanted in (("Verdict", "REJECTED"), ("Verdict", "FAILED"), ("Verdict", "ACCEPTED"),
                             ("NetworkInterfaceId", eni), ("ConnectorId", everything[0]["ConnectorId"]),
                             ("TransferId", everything[-1]["TransferId"])):
            assert records(daemon, **{name: wanted}) == [r for r in everything if r.get(name) == wanted] != [], name
        assert records(daemon, ConnectorId=everything[0]["ConnectorId"], Verdict="ACCEPTED") == []
        assert records(daemon, ConnectorId="c-00000000000000000") == []

    with story.case("pages of any size give the same list, also while records are added"):
        for size in (1, 3, 1000):
            assert records(daemon, MaxResults=size) == everything, size
        first = page(daemon, MaxResults=2)
        partner.test()
        wait_for(daemon, "a new record", lambda found: len(found) == len(everything) + 1)
        rest = page(daemon, MaxResults=1000, NextToken=first["NextToken"])
        assert first["Flows"] + rest["Flows"] == everything and "NextToken" not in rest, rest

    with story.case("a forged token, one of other filters, a verdict that there is not, and a page of no size are refused"):
        for arguments, word in (({"NextToken": first["NextToken"][:-2] + "AA"}, "oken"),
                                ({"NextToken": first["NextToken"], "Verdict": "ACCEPTED"}, "NextToken"),
                                ({"NextToken": first["NextToken"], "NetworkInterfaceId": eni}, "NextToken"),
                                ({"Verdict": "MAYBE"}, "Verdict"), ({"MaxResults": "0"}, "MaxResults"), ({"MaxResults": "1001"}, "MaxResults")):
            try:
                answer = page(daemon, **arguments)
            except aws.AwsError as refused:
                assert refused.code == "InvalidRequestException" and word in str(refused), refused
            else:
                raise AssertionError(f"was not refused: {arguments}: {answer}")


def file_and_crash(story, daemon, server):
    log = daemon.state / "flows.jsonl"

    with story.case("the file has a line for each record that has ended, and the same in it"):
        ended = {record["Id"]: record for record in records(daemon) if record["State"] != "OPEN"}
        harness.wait_until(lambda: len(lines_of(log)) >= len(ended), "the lines of all records")
        lines = lines_of(log)
        assert {line["Id"]: line for line in lines} == ended and len(lines) == len(ended)
        assert log.stat().st_mode & 0o007 == 0

    with story.case("kill -9 of the daemon: the server sees the end, the record says that its end is not known"):
        partner = warm(daemon, server)
        wait_for(daemon, "the record", lambda found: len(found) == 1, ConnectorId=partner.id)
        before = records(daemon)
        daemon.kill()
        print(f"# daemon killed: {wait_no_session(server) * 1000:.0f} ms")
        with open(log, "a", encoding="utf-8") as out:
            out.write('{"Id":"flow-cut')  # as a crash of the machine may leave it
        daemon.start()
        record = only(daemon, partner, "END_UNKNOWN")
        assert "Ended" not in record and record["TransferId"] and record["Target"], record
        assert [r["Id"] for r in records(daemon)] == [r["Id"] for r in before]
        harness.wait_until(lambda: log.read_text(encoding="utf-8").count("\n") > len(lines) + 1, "the line of it")
        texts = log.read_text(encoding="utf-8").splitlines()
        assert texts[len(lines)] == '{"Id":"flow-cut', texts[len(lines):]
        assert [json.loads(text) for text in texts[len(lines) + 1:]] == [record], texts[len(lines):]

    with story.case("a daemon that ends in order has noted the end of all"):
        partner = warm(daemon, server)
        daemon.stop()
        daemon.start()
        assert only(daemon, partner)["BytesSent"] > 0
        assert json.loads(log.read_text(encoding="utf-8").splitlines()[-1])["ConnectorId"] == partner.id


def rotation(story, server):
    settings = {"egress.flow_log": str(story.folder / "log" / "flows"), "egress.flow_log_size": "64KiB",
                "egress.flow_log_files": str(LOGS_KEPT), "egress.flow_records": "100", "transfer.attempts": "100",
                "transfer.retry_delay": "1ms", "transfer.retry_delay_max": "1ms"}
    (story.folder / "log").mkdir()
    daemon = story.enter(harness.Daemon(story.folder / "small", settings))
    (daemon.bucket("files") / "small").write_bytes(b"small")
    folder = story.folder / "log"

    with story.case("a full log is rotated at a whole line, the oldest goes; the store keeps as many as it may"):
        for _ in range(6):
            partner = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{sshd.free_port()}")
            partner.wait_failed(partner.send("/files/small", to="/"), "CONNECTION_ERROR")
        def last_one(found):
            return len(found) == 100 and {record["ConnectorId"] for record in found} == {partner.id}
        kept = wait_for(daemon, "the records of all tries of the last one, and no others", last_one)

        def has_last_line():
            with contextlib.suppress(OSError, ValueError, IndexError):  # it is just being rotated
                return lines_of(folder / "flows")[-1]["Id"] == kept[0]["Id"]
            return False
        harness.wait_until(has_last_line, "their lines")
        assert sorted(entry.name for entry in folder.iterdir()) == ["flows", "flows.1", "flows.2"]
        lines = [line for name in ("flows.2", "flows.1", "flows") for line in lines_of(folder / name)]
        assert len({line["Id"] for line in lines}) == len(lines) > 300, len(lines)
        assert [line["Ended"] for line in lines] == sorted(line["Ended"] for line in lines)
        for name in ("flows.1", "flows.2"):
            assert SMALL_LOG * 0.8 < (folder / name).stat().st_size <= SMALL_LOG, name
        assert [record["Id"] for record in kept] == [line["Id"] for line in reversed(lines)][:100]

    with story.case("without a file there are records all the same"):
        daemon.stop()
        daemon.settings["egress.flow_log"] = ""
        before = sorted((entry.name, entry.stat().st_size) for entry in folder.iterdir())
        daemon.start()
        assert len(records(daemon)) == 100
        flows.partner_of(daemon, server).test()
        wait_for(daemon, "the record of the test", lambda found: found[0]["Verdict"] == "ACCEPTED")
        assert sorted((entry.name, entry.stat().st_size) for entry in folder.iterdir()) == before
        assert not (daemon.state / "flows.jsonl").exists()

    with story.case("a log that cannot be written stops the start with a sentence"):
        daemon.stop()
        daemon.settings["egress.flow_log"] = "/nonexistent/flows"
        try:
            daemon.start()
        except RuntimeError as refused:
            sentence = 'could not open the flow log "/nonexistent/flows": No such file or directory'
            assert sentence in str(refused), refused
        else:
            raise AssertionError("the daemon has started")
        finally:
            daemon.settings["egress.flow_log"] = ""
            if daemon.process.poll() is not None:
                daemon.start()


def private_network(story, server_port=22):
    network = story.enter(lan.Lan())
    owned = story.enter(lan.Owned())
    daemon = story.enter(harness.Daemon(story.folder / "kernel", {**vpcs.SETTINGS, "egress.connect_timeout": "4s",
                                                                  "transfer.attempts": "1"}))
    (daemon.bucket("files") / "small").write_bytes(b"small")
    vpc = vpcs.Vpc(daemon, "10.44.0.0/16", owned)
    door, servers = vpc.subnet("10.44.1.0/24"), vpc.subnet("10.44.9.0/24")
    gateway = vpc.gateway([door], [vpc.group(vpcs.allow("10.44.9.0/24", server_port),
                                          vpcs.allow("192.168.77.0/24", server_port))])

    with story.case("through a kernel's network: the interface is named, and a killed worker's session ends there too"):
        server = vpcs.private_server(story, vpc, network, "inside", "10.44.9.22/24")
        partner = vpcs.partner_through(daemon, vpc, gateway, server)
        partner.settled()
        partner.wait_completed(partner.send("/files/small", to=server.home))
        record = only(daemon, partner, "OPEN")
        address, eni = next(iter(vpc.interfaces([door]).items()))
        assert record["NetworkInterfaceId"] == eni and record["Source"].startswith(f"{address}:"), record
        assert record["Target"] == "10.44.9.22:22" and server.logins() == [address], record
        worker, = daemon.workers()
        os.kill(worker, signal.SIGKILL)
        wait_no_session(server)
        only(daemon, partner)

    with story.case("a machine that is off: the connection FAILED, from where and why is said"):
        off = vpc.configuration(gateway, "10.44.9.99", server_port)
        partner = flows.partner_of(daemon, server, egress=(off, server_port))
        partner.settled()
        partner.wait_failed(partner.send("/files/small", to=server.home), ("CONNECTION_ERROR", "TIMEOUT_ERROR"))
        record = only(daemon, partner)
        assert (record["Verdict"], record["Step"]) == ("FAILED", "connect"), record
        assert record["NetworkInterfaceId"] == eni and record["Source"] == address, record
        assert record["Target"] == f"10.44.9.99:{server_port}" and record["TransferId"], record
        assert records(daemon, NetworkInterfaceId=eni, Verdict="FAILED") == [record]

    with story.case("a route that leads nowhere: REJECTED, and the way up to there is in the record"):
        gone = vpc.ec2("CreateNetworkInterface", SubnetId=servers)["networkInterface"]["networkInterfaceId"]
        table = vpc.ec2("DescribeRouteTables", Filter=[{"Name": "vpc-id", "Value": [vpc.id]}])["routeTableSet"][0]
        vpc.ec2("CreateRoute", RouteTableId=table["routeTableId"], DestinationCidrBlock="192.168.77.0/24",
                NetworkInterfaceId=gone)
        vpc.ec2("DeleteNetworkInterface", NetworkInterfaceId=gone)
        partner = flows.partner_of(daemon, server, egress=(vpc.configuration(gateway, "192.168.77.7", server_port),
                                                           server_port))
        assert partner.settled()["Status"] == "ACTIVE"
        assert partner.test()["Status"] == "ERROR"
        record = only(daemon, partner)
        assert (record["Verdict"], record["Step"]) == ("REJECTED", "route"), record
        assert gone in record["Reason"] and table["routeTableId"] in record["Reason"], record
        assert record["NetworkInterfaceId"] == eni and record["Target"] == f"192.168.77.7:{server_port}", record


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {"transfer.attempts": "1"}))
    (daemon.bucket("files") / "small").write_bytes(b"small")
    bytes_each_way(story, daemon, server)
    ends(story, daemon, server)
    lists(story, daemon, server)
    file_and_crash(story, daemon, server)
    rotation(story, server)
    private_network(story)
