#!/usr/bin/env python3
"""Events: every file's end is told, with all that belongs to it, once it is on disk and not before."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import events  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

SMALL_FILE = 64 << 10
FILES_KEPT = 2
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
ALWAYS = {"operation", "transfer-id", "file-transfer-id", "connector-id", "url", "file-path", "status-code", "start-timestamp",
          "end-timestamp", "bytes", "local-file-location", "egress-type", "vpc-lattice-resource-configuration-arn",
          "vpc-lattice-port-number"}


def only(daemon, transfer):
    found, = events.wait_in_files(daemon, transfer)
    return found


def check_envelope(daemon, partner, event, title):
    assert set(event) == {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}, event
    assert (event["version"], event["source"], event["detail-type"]) == ("0", "aws.transfer", title), event
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event["id"]), event
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"]), event
    arn = f"arn:aws:transfer:{daemon.env['AWS_REGION']}:{event['account']}:connector/{partner.id}"
    assert (event["region"], event["resources"]) == (daemon.env["AWS_REGION"], [arn]), event


def check_detail(event, transfer, more, **expected):
    detail = event["detail"]
    assert set(detail) == ALWAYS | set(more), detail
    for name, value in expected.items():
        assert detail[name.replace("_", "-")] == value, (name, detail)
    assert detail["transfer-id"] == transfer and detail["file-transfer-id"].startswith(f"{transfer}/"), detail
    assert re.fullmatch(TIME, detail["start-timestamp"]) and re.fullmatch(TIME, detail["end-timestamp"]), detail
    assert detail["start-timestamp"] <= detail["end-timestamp"], detail


def kinds(story, daemon, server):
    (daemon.bucket("files") / "in").mkdir()
    (daemon.bucket("files") / "a.csv").write_bytes(b"seventeen bytes..")
    partner = flows.partner_of(daemon, server)

    with story.case("a file that was sent: envelope, detail and every member"):
        transfer = partner.send("/files/a.csv", to=server.home)
        partner.wait_completed(transfer)
        event = only(daemon, transfer)
        check_envelope(daemon, partner, event, "SFTP Connector File Send Completed")
        check_detail(event, transfer, {"remote-directory-path"}, operation="SEND", connector_id=partner.id, url=server.url,
                     file_path="/files/a.csv", status_code="COMPLETED", remote_directory_path=str(server.home), bytes=17,
                     local_file_location={"domain": "S3", "bucket": "files", "key": "a.csv"},
                     egress_type="SERVICE_MANAGED", vpc_lattice_resource_configuration_arn=None,
                     vpc_lattice_port_number=None)

    with story.case("a file that was sent into the home directory has an empty remote directory"):
        transfer = partner.send("/files/a.csv")
        partner.wait_completed(transfer)
        check_detail(only(daemon, transfer), transfer, {"remote-directory-path"}, remote_directory_path="")

    with story.case("a file that was retrieved names the object that it became"):
        transfer = partner.retrieve(server.home / "a.csv", to="/files/in")
        partner.wait_completed(transfer)
        event = only(daemon, transfer)
        check_envelope(daemon, partner, event, "SFTP Connector File Retrieve Completed")
        check_detail(event, transfer, {"local-directory-path"}, operation="RETRIEVE", file_path=str(server.home / "a.csv"),
                     local_directory_path="/files/in", bytes=17,
                     local_file_location={"domain": "S3", "bucket": "files", "key": "in/a.csv"})

    with story.case("files that fail have the code and the sentence that ListFileTransferResults has"):
        for way, title in (("Send", "SFTP Connector File Send Failed"), ("Retrieve", "SFTP Connector File Retrieve Failed")):
            transfer = (partner.send("/files/none", to=server.home) if way == "Send" else
                        partner.retrieve(server.home / "none", to="/files/in"))
            result, = partner.wait(transfer)
            event = only(daemon, transfer)
            check_envelope(daemon, partner, event, title)
            directory = "remote-directory-path" if way == "Send" else "local-directory-path"
            check_detail(event, transfer, {directory, "failure-code", "failure-message"}, status_code="FAILED", bytes=0,
                         failure_code=result["FailureCode"], failure_message=result["FailureMessage"])

    with story.case("a path that makes no sense failed from the start, and its event says so"):
        transfer = partner.send("/files/a/../b", "/files/a.csv", to=server.home)
        partner.wait(transfer)
        found = events.wait_in_files(daemon, transfer, 2)
        failed, = [event for event in found if event["detail"]["status-code"] == "FAILED"]
        check_detail(failed, transfer, {"remote-directory-path", "failure-code", "failure-message"}, local_file_location=None)


def deleted_connectors(story, daemon, server):
    with story.case("what had not ended when its connector was deleted FAILED, and the event has the connector as it was"):
        partner = flows.Partner(daemon, f"sftp://127.0.0.1:{sshd.free_port()}", {"Username": server.user, "Password": "p"},
                                trusted=server.trusted_keys())
        transfers = [partner.send("/files/a.csv") for _ in range(3)]
        partner.call("DeleteConnector", ConnectorId=partner.id)
        for transfer in transfers:
            event = only(daemon, transfer)
            check_envelope(daemon, partner, event, "SFTP Connector File Send Failed")
            assert event["detail"]["url"].startswith("sftp://127.0.0.1:"), event


def files_of_lines(story, server):
    with story.case("the file is rotated by size, so many are kept, every line is whole, and the order is that of the ends"):
        settings = {"events.file": "told", "events.file_size": str(SMALL_FILE), "events.files": str(FILES_KEPT)}
        with harness.Daemon(story.folder / "small", settings) as daemon:
            (daemon.bucket("files") / "a").write_bytes(b"a")
            partner = flows.partner_of(daemon, server)
            last = None
            while not (daemon.state / f"told.{FILES_KEPT}").exists():
                partner.wait([last := partner.send("/files/a", *(f"/files/none-{i}" for i in range(9)), to=server.home)
                              for _ in range(20)][-1])
            partner.call("DeleteConnector", ConnectorId=partner.id)
        names = events.file_names(daemon, "told")
        assert len(names) <= FILES_KEPT + 1 and all(path.stat().st_size <= SMALL_FILE for path in names), names
        told = [event["id"] for path in names for event in events.lines_of(path)]
        kept = [row[2] for row in events.in_store(daemon)]
        assert told == kept[-len(told):], "the file's order is not that of the commits"
        assert last is not None and not (daemon.state / "events.jsonl").exists()


def interruptions(story, daemon, server):
    partner = flows.partner_of(daemon, server)

    with story.case("a file that cannot be written is waited for, nothing is lost, and the log says both"):
        lines = daemon.state / "events.jsonl"
        lines.rename(daemon.state / "events.moved")
        lines.mkdir()
        transfers = [partner.send("/files/a.csv", to=server.home) for _ in range(3)]
        for transfer in transfers:
            partner.wait_completed(transfer)
        harness.wait_until(lambda: "events wait for it" in daemon.log_text(), "the log to say that the file fails")
        lines.rmdir()
        for transfer in transfers:
            assert len(events.wait_in_files(daemon, transfer)) == 1
        harness.wait_until(lambda: "can be written again" in daemon.log_text(), "the log to say that it goes on")

    with story.case("a file that somebody moved away is begun anew"):
        lines.rename(daemon.state / "events.taken")
        transfer = partner.send("/files/a.csv", to=server.home)
        partner.wait_completed(transfer)
        assert len(events.wait_in_files(daemon, transfer)) == 1

    with story.case("SIGTERM leaves nothing undelivered, and the next start repeats nothing"):
        transfer = partner.send("/files/a.csv", to=server.home)
        partner.wait_completed(transfer)
        daemon.stop()
        assert len(events.of(events.in_files(daemon), transfer)) == 1
        before = len(events.in_files(daemon))
        daemon.start()
        transfer = partner.send("/files/a.csv", to=server.home)
        events.wait_in_files(daemon, transfer)
        assert len(events.in_files(daemon)) == before + 1


def how_long(story, server):
    with story.case("events that are old and delivered go, and with them nothing else; more than events.records go too"):
        with harness.Daemon(story.folder / "short", {"events.records": "100"}) as daemon:
            (daemon.bucket("files") / "a").write_bytes(b"a")
            partner = flows.partner_of(daemon, server)
            for _ in range(15):
                partner.send(*(f"/files/none-{i}" for i in range(10)), to=server.home)
            transfer = partner.send("/files/a", to=server.home)
            harness.wait_until(lambda: len(events.in_store(daemon)) == 100, "all but the newest 100 events to go", 30)
            partner.wait_completed(transfer)
            harness.wait_until(lambda: len(events.in_files(daemon)) == 151, "the file to have all 151")
            assert "has lost" not in daemon.log_text()


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {
        "transfer.retry_delay": "60s", "transfer.retry_delay_max": "60s"}))
    kinds(story, daemon, server)
    deleted_connectors(story, daemon, server)
    interruptions(story, daemon, server)
    files_of_lines(story, server)
    how_long(story, server)
