#!/usr/bin/env python3
"""Sallyport's own API: transfers over all connectors, one file with all that happened to it, ending, pausing and trying
again, live events, usage, health and metrics."""

import datetime
import json
import pathlib
import shutil
import subprocess
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import cli  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
from listener import Listener  # noqa: E402

SLOW = 2 << 20  # bytes a second
LARGE = 40 << 20


def ask(method, path, **query):
    query = {name: value for name, value in query.items() if value is not None}
    return daemon.client.rest("sallyport", method, path + ("?" + urllib.parse.urlencode(query) if query else ""))


def refused(status, code, *words, call=None):
    """What @call is refused with."""
    try:
        answer = call()
    except aws.AwsError as error:
        assert (error.status, error.code) == (status, code), error
        for word in words:
            assert word in error.message, f"the sentence does not say {word!r}: {error.message!r}"
        return error.message
    raise AssertionError(f"it was not refused: {answer}")


def plain(path, method="GET"):
    """An answer without any signature."""
    return daemon.client.send("sallyport", aws.Request(method, path), sign=False)


def file_of(transfer, place=0):
    return ask("GET", f"/v1/transfers/{transfer}")["Files"][place]["FileId"]


def look(file):
    return ask("GET", f"/v1/files/{file}")


def look_into(listing, **page):
    return ask("GET", f"/v1/listings/{listing}", **page)


def pages_of(listing, size):
    page = look_into(listing, MaxResults=size)
    yield page
    while "NextToken" in page:
        page = look_into(listing, MaxResults=size, NextToken=page["NextToken"])
        yield page


def replace(path, data):
    """Another object of that name."""
    other = path.with_name("other")
    other.write_bytes(data)
    other.rename(path)


def wait_state(file, state, seconds=60):
    return harness.wait_until(lambda: (found := look(file))["StatusCode"] == state and found, f"{file} to be {state}", seconds)


def wait_moving(file):
    """Until bytes have gone."""
    return harness.wait_until(lambda: (found := look(file)).get("Progress", {}).get("BytesDone", 0) > 0 and found,
                              "bytes to move")


def sent_slowly(name="large.bin"):
    transfer = slow.send(f"/files/{name}", to=server.home / "in")
    file = file_of(transfer)
    wait_moving(file)
    return transfer, file


def parse_metrics(text):
    """{name: [type, values]}, as Prometheus' own client for Python reads it, which Debian's Python has."""
    code = ("import json, sys; from prometheus_client.parser import text_string_to_metric_families as parse\n"
            "json.dump({f.name: [f.type, [s.value for s in f.samples]] for f in parse(sys.stdin.read())}, sys.stdout)")
    done = subprocess.run(["/usr/bin/python3", "-c", code], input=text, text=True, capture_output=True, check=False)
    if "ModuleNotFoundError" in done.stderr:
        raise harness.Skip("needs python3-prometheus-client: ./dev deps")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def members_of(described, shape):
    """(what an object may have, what it must have)"""
    if "$ref" in shape:
        return members_of(described, described["components"]["schemas"][shape["$ref"].rpartition("/")[2]])
    may, must = dict(shape.get("properties", {})), set(shape.get("required", ()))
    for part in shape.get("allOf", ()):
        more_may, more_must = members_of(described, part)
        may, must = may | more_may, must | more_must
    return may, must


def check_shape(described, shape, value, where):
    """Members that are not described, or lack."""
    if isinstance(value, list):
        for entry in value:
            check_shape(described, shape["items"], entry, where + "[]")
    elif isinstance(value, dict):
        may, must = members_of(described, shape)
        assert not may or set(value) <= set(may), f"{where}: {set(value) - set(may)} is not described"
        assert must <= set(value), f"{where}: {must - set(value)} is not there"
        for name, entry in value.items():
            if name in may:
                check_shape(described, may[name], entry, f"{where}.{name}")
    elif "enum" in shape:
        assert value in shape["enum"], f"{where}: {value} is not described"


def remote_left():
    return flows.parts_in(server.home)


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    proxy = story.enter(harness.Proxy(server.port, rate=SLOW))
    daemon = story.enter(harness.Daemon(story.folder / "state", {"events.clients_max": "3", "transfer.attempts": "2"}))
    bucket = daemon.bucket("files")
    (server.home / "in").mkdir()
    flows.write_random(bucket / "small.bin", 10_000)
    flows.write_random(bucket / "large.bin", LARGE)
    partner = flows.partner_of(daemon, server)
    slow = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}")
    arn = partner.describe()["Arn"]

    with story.case("a file tells its bytes, its SHA-256, its connection and what happened to it, in order"):
        transfer = partner.send("/files/small.bin", to=server.home / "in")
        partner.wait_completed(transfer)
        found = look(file_of(transfer))
        assert found["StatusCode"] == "COMPLETED" and found["Size"] == 10_000 and len(found["Sha256"]) == 64, found
        assert found["Connection"]["SourceAddress"].startswith("127.0.0.1"), found["Connection"]
        assert found["Verification"] == "SIZE_CHECKED" and found["Attempts"] == 1, found
        states = [moment["State"] for moment in found["Timeline"]]
        assert states == ["QUEUED", "RUNNING", "PUBLISHING", "COMPLETED"], found["Timeline"]
        times = [moment["Time"] for moment in found["Timeline"]]
        assert times == sorted(times), times
        assert "Progress" not in found, found

    with story.case("transfers are listed over all connectors, the newest first, with what their files came to"):
        second = partner.send("/files/small.bin", "/files/nobody.bin", to=server.home / "in")
        partner.wait(second)
        listed = ask("GET", "/v1/transfers")["Transfers"]
        assert [entry["TransferId"] for entry in listed[:2]] == [second, transfer], listed
        assert listed[0]["State"] == "FAILED" and listed[1]["State"] == "COMPLETED", listed
        counts = listed[0]["Counts"]
        assert (counts["Files"], counts["Completed"], counts["Failed"]) == (2, 1, 1), counts

    with story.case("filters choose by connector, state, direction, time and part of a path"):
        def ids(**query):
            return [entry["TransferId"] for entry in ask("GET", "/v1/transfers", **query)["Transfers"]]
        assert ids(State="FAILED") == [second] and ids(State="COMPLETED") == [transfer]
        assert ids(State="QUEUED") == [] and ids(Direction="RETRIEVE") == []
        assert ids(PathContains="nobody") == [second] and ids(PathContains="%") == []
        assert ids(ConnectorId=partner.id) == [second, transfer] and ids(ConnectorId=slow.id) == []
        assert ids(ConnectorId=partner.id, State="FAILED", Direction="SEND") == [second]
        tomorrow = (datetime.date.today() + datetime.timedelta(days=2)).isoformat()
        assert ids(Since=tomorrow) == [] and ids(Until=tomorrow) == [second, transfer]
        assert ids(Since="2020-01-01T00:00:00Z") == [second, transfer]

    with story.case("what a filter cannot be is refused in words"):
        for query, word in (({"State": "DONE"}, "State"), ({"Direction": "UP"}, "Direction"), ({"Since": "yesterday!"}, "Since"),
                            ({"MaxResults": "0"}, "MaxResults"), ({"NextToken": "made-up"}, "NextToken")):
            refused(400, "InvalidRequestException", word, call=lambda: ask("GET", "/v1/transfers", **query))
        refused(404, "ResourceNotFoundException", "nobody", call=lambda: ask("GET", "/v1/transfers", ConnectorId="nobody"))
        refused(404, "ResourceNotFoundException", "0" * 32, call=lambda: ask("GET", "/v1/files/" + "0" * 32))
        refused(404, "ResourceNotFoundException", "no-such", call=lambda: ask("GET", "/v1/transfers/no-such"))

    with story.case("a page's token goes on behind it, and is none for other filters"):
        page = ask("GET", "/v1/transfers", MaxResults=1)
        assert [entry["TransferId"] for entry in page["Transfers"]] == [second], page
        rest = ask("GET", "/v1/transfers", MaxResults=1, NextToken=page["NextToken"])
        assert [entry["TransferId"] for entry in rest["Transfers"]] == [transfer], rest
        refused(400, "InvalidRequestException", "NextToken",
                call=lambda: ask("GET", "/v1/transfers", State="FAILED", NextToken=page["NextToken"]))
        bent = page["NextToken"][:-1] + ("A" if page["NextToken"][-1] != "A" else "B")
        refused(400, "InvalidRequestException", "NextToken", call=lambda: ask("GET", "/v1/transfers", NextToken=bent))

    with story.case("a connector's tag Name works where its id does, and one that two share names both"):
        partner.call("TagResource", Arn=arn, Tags=[{"Key": "Name", "Value": "acme & sons/1"}])
        name = urllib.parse.quote("acme & sons/1", safe="")
        assert ask("GET", f"/v1/connectors/{name}")["ConnectorId"] == partner.id
        assert ask("GET", f"/v1/connectors/{name}/server")["ConnectorId"] == partner.id
        assert ids(ConnectorId="acme & sons/1") == [second, transfer]
        slow.call("TagResource", Arn=slow.describe()["Arn"], Tags=[{"Key": "Name", "Value": "acme & sons/1"}])
        refused(409, "ConflictException", partner.id, slow.id, call=lambda: ask("GET", f"/v1/connectors/{name}"))
        slow.call("UntagResource", Arn=slow.describe()["Arn"], TagKeys=["Name"])
        refused(404, "ResourceNotFoundException", "no such name", call=lambda: ask("GET", "/v1/connectors/no%20such%20name"))

    with story.case("a directory listing tells where its object lies, and shows what is in it, a page at a time"):
        folder = server.home / "out"
        (folder / "deep").mkdir(parents=True)
        for number in range(5):
            (folder / f'{number} "a\\b".csv').write_bytes(b"x" * number)
        listing = cli.aws(daemon, "transfer", "start-directory-listing", "--connector-id", partner.id,
                          "--remote-directory-path", folder, "--output-directory-path", "/files/lists")
        ident = listing["ListingId"]
        found = harness.wait_until(lambda: (now := look_into(ident))["StatusCode"] == "COMPLETED" and now, "the listing")
        assert (found["Bucket"], found["Key"]) == ("files", f"lists/{listing['OutputFileName']}"), found
        assert (found["ListingId"], found["Items"], found["Truncated"]) == (ident, 6, False), found
        listed_page = look_into(ident, MaxResults=5)
        written = json.loads((bucket / found["Key"]).read_text(encoding="utf-8"))
        assert found["Files"] == written["files"] and len(found["Files"]) == 5, found
        assert found["Paths"] == written["paths"] == [{"path": f"{folder}/deep"}], found
        for size in (1, 2, 4, 5, 6):
            pages = list(pages_of(ident, size))
            assert sum((page["Files"] for page in pages), []) == written["files"], pages
            assert sum((page["Paths"] for page in pages), []) == written["paths"], pages
            assert [len(page["Files"]) + len(page["Paths"]) for page in pages[:-1]] == [size] * (len(pages) - 1), pages
            assert len(pages) == -(-6 // size), pages
        assert [entry["TransferId"] for entry in ask("GET", "/v1/transfers", Direction="LIST")["Transfers"]] == [ident]

    with story.case("one that FAILED says why, what is no listing is not found, and a token is none of another listing"):
        failed = partner.call("StartDirectoryListing", ConnectorId=partner.id, RemoteDirectoryPath="/no/such",
                              OutputDirectoryPath="/files/lists")["ListingId"]
        found = harness.wait_until(lambda: (now := look_into(failed))["StatusCode"] == "FAILED" and now, "the listing")
        assert found["FailureCode"] == "DIRECTORY_NOT_FOUND" and found["FailureMessage"] and "Files" not in found, found
        for nobody in (transfer, "no-such"):
            refused(404, "ResourceNotFoundException", nobody, call=lambda: look_into(nobody))
        token = look_into(ident, MaxResults=1)["NextToken"]
        for other in (failed, transfer):
            refused(400, "InvalidRequestException", "NextToken", call=lambda: look_into(other, NextToken=token))
        refused(400, "InvalidRequestException", "MaxResults", call=lambda: look_into(ident, MaxResults=0))

    with story.case("a listing whose object was changed says so, and no page goes on in another object"):
        lies = bucket / look_into(ident)["Key"]
        text = lies.read_bytes()
        replace(lies, text)
        refused(409, "ConflictException", "begin without", call=lambda: look_into(ident, NextToken=token))
        for changed, words in ((text + b" ", f"{len(text) + 1} bytes"), (b"[" * len(text), "byte 0")):
            replace(lies, changed)
            found = look_into(ident)
            assert words in found["Unreadable"] and found["Items"] == 6 and "Files" not in found, found
        lies.unlink()
        assert lies.name in look_into(ident)["Unreadable"], look_into(ident)
        refused(409, "ConflictException", lies.name, call=lambda: look_into(ident, NextToken=token))

    with story.case("an attempt that failed is told with its sentence, and the next one after it"):
        (server.home / "in" / "small.bin").unlink()
        server.stop()
        waiting = partner.send("/files/small.bin", to=server.home / "in")
        file = file_of(waiting)
        harness.wait_until(lambda: any(moment["State"] == "QUEUED" and "refused" in moment["Sentence"]
                                       for moment in look(file)["Timeline"]), "an attempt to be told")
        server.start()
        found = wait_state(file, "COMPLETED") if look(file)["StatusCode"] != "FAILED" else look(file)
        begun = [moment["Attempt"] for moment in found["Timeline"] if moment["State"] == "RUNNING"]
        assert begun == sorted(set(begun)) and len(begun) >= 2, found["Timeline"]

    with story.case("a listener is told what happens to files while it happens, and how far they are"):
        with Listener(daemon, ConnectorId=slow.id) as ear:
            assert ear.headers["Content-Type"] == "text/event-stream", ear.headers
            moving, file = sent_slowly()
            ear.wait(lambda kind, data: kind == "progress" and data["FileId"] == file and data["BytesDone"] > 0
                     and data["Size"] == LARGE and data["BytesPerSecond"] > 0, "progress")
            ear.wait_state(moving, "RUNNING")
            other = partner.send("/files/small.bin", to=server.home / "in")
            partner.wait_completed(other)
            found = look(file)
            assert found["Progress"]["Size"] == LARGE and found["StatusCode"] == "IN_PROGRESS", found
            asked = ask("POST", f"/v1/transfers/{moving}/cancel")
            assert [entry["Outcome"] for entry in asked["Files"]] == ["CANCELLING"], asked
            _, number, data = ear.wait_state(moving, "FAILED")
            assert data["FailureCode"] == "CANCELLED", data
            assert all(data["ConnectorId"] == slow.id for _, data in ear.of("file")), ear.of("file")
            numbers = [number for number, _ in ear.of("file")]
            assert numbers == sorted(set(numbers)), numbers

    with story.case("a file that was under way ends when it is cancelled, and leaves nothing at the partner"):
        found = look(file)
        assert found["StatusCode"] == "FAILED" and found["CancelledBy"] == daemon.env["AWS_ACCESS_KEY_ID"], found
        assert "cancelled" in found["FailureMessage"], found
        harness.wait_until(lambda: not remote_left(), "its part to be gone")
        assert not (server.home / "in" / "large.bin").exists()
        refused(409, "ConflictException", "have ended", call=lambda: ask("POST", f"/v1/transfers/{moving}/cancel"))
        refused(409, "ConflictException", "FAILED", call=lambda: ask("POST", f"/v1/files/{file}/cancel"))
        refused(404, "ResourceNotFoundException", call=lambda: ask("POST", "/v1/transfers/nobody/cancel"))

    with story.case("a paused connector begins nothing, also after a new start; what waits can be cancelled; resumed it goes on"):
        assert ask("POST", f"/v1/connectors/{name}/pause")["Paused"] is True
        held = partner.send("/files/small.bin", "/files/large.bin", to=server.home / "in")
        daemon.stop()
        daemon.start()
        status = ask("GET", f"/v1/connectors/{partner.id}")
        assert status["Paused"] is True and "PausedSince" in status and status["PendingFiles"] == 2, status
        assert [entry["StatusCode"] for entry in ask("GET", f"/v1/transfers/{held}")["Files"]] == ["QUEUED"] * 2
        asked = ask("POST", f"/v1/files/{file_of(held, 1)}/cancel")
        assert [entry["Outcome"] for entry in asked["Files"]] == ["CANCELLED"], asked
        assert look(file_of(held, 1))["FailureCode"] == "CANCELLED"
        assert look(file_of(held, 0))["StatusCode"] == "QUEUED" and look(file_of(held, 0))["Attempts"] == 0
        assert ask("POST", f"/v1/connectors/{partner.id}/resume")["Paused"] is False
        wait_state(file_of(held, 0), "COMPLETED")
        assert look(file_of(held, 1))["StatusCode"] == "FAILED"

    with story.case("what runs when its connector is paused comes to its end"):
        flows.write_random(bucket / "medium.bin", 4 << 20)
        running, file = sent_slowly("medium.bin")
        ask("POST", f"/v1/connectors/{slow.id}/pause")
        wait_state(file, "COMPLETED")
        ask("POST", f"/v1/connectors/{slow.id}/resume")

    with story.case("files that FAILED are tried again as a new transfer, and the old one stays what it was"):
        flows.write_random(bucket / "nobody.bin", 3000)
        before = ask("GET", f"/v1/transfers/{second}")
        again = ask("POST", f"/v1/transfers/{second}/retry")
        assert again["RetryOf"] == second and again["Files"] == 1, again
        partner.wait_completed(again["TransferId"])
        after = ask("GET", f"/v1/transfers/{second}")
        assert after.pop("RetriedBy") == again["TransferId"] and after == before, (after, before)
        assert ask("GET", f"/v1/transfers/{again['TransferId']}")["RetryOf"] == second
        refused(409, "ConflictException", again["TransferId"], call=lambda: ask("POST", f"/v1/transfers/{second}/retry"))
        refused(409, "ConflictException", "none of its files",
                call=lambda: ask("POST", f"/v1/transfers/{again['TransferId']}/retry"))

    with story.case("a listener that comes back misses nothing, also after the daemon was killed"):
        with Listener(daemon, Progress="false") as ear:
            first = partner.send("/files/small.bin", to=server.home / "in")
            ear.wait_state(first, "COMPLETED")
            known = ear.last_id()
        missed = partner.send("/files/small.bin", to=server.home / "in")
        partner.wait_completed(missed)
        with Listener(daemon, after=known) as ear:
            ear.wait_state(missed, "COMPLETED")
            assert all(data["TransferId"] != first for _, data in ear.of("file")), ear.of("file")
            known = ear.last_id()
            moving, file = sent_slowly()
            ear.wait_state(moving, "RUNNING")
            daemon.kill()
            ear.wait_end()
        daemon.start()
        with Listener(daemon, after=known) as ear:
            ear.wait(lambda kind, data: kind == "file" and data["TransferId"] == moving and data["Attempts"] > 1,
                     "the next attempt")
            ear.wait(lambda kind, data: kind == "progress" and data["FileId"] == file, "progress after the new start")
            ask("POST", f"/v1/files/{file}/cancel")
            ear.wait_state(moving, "FAILED")

    with story.case("one that knows more than there is is told to look anew"):
        with Listener(daemon, after=10**15) as ear:
            kind, number, data = ear.wait(lambda kind, data: kind == "reset", "the reset")
            assert number < 10**15 and "anew" in data["Sentence"], (number, data)

    with story.case("a listener may bring its signature in the URL, as browsers must"):
        with Listener(daemon, presigned=True) as ear:
            seen = partner.send("/files/small.bin", to=server.home / "in")
            ear.wait_state(seen, "COMPLETED")

    with story.case("no more listen than may, and who may not listen is told so"):
        with Listener(daemon), Listener(daemon), Listener(daemon):
            refused(429, "ThrottlingException", "events.clients_max", call=lambda: ask("GET", "/v1/events"))
        refused(400, "InvalidRequestException", "Last-Event-ID",
                call=lambda: ask("GET", "/v1/events", LastEventId="yesterday"))
        assert plain("/v1/events").status == 403

    with story.case("usage by the hour has the bytes and files, and how long there were connectors"):
        rows = ask("GET", "/v1/usage")["Usage"]
        mine = [row for row in rows if row["ConnectorId"] == partner.id and row["Direction"] == "SEND"]
        assert sum(row["FilesCompleted"] for row in mine) >= 5 and sum(row["FilesFailed"] for row in mine) >= 2, mine
        assert sum(row["Bytes"] for row in mine) >= 50_000, mine
        assert all(row["Hour"].endswith(":00:00.000Z") for row in rows), rows
        hours = {entry["Id"]: entry for entry in ask("GET", "/v1/usage/resources")["Resources"]}
        assert hours[partner.id]["Kind"] == "CONNECTOR" and hours[partner.id]["Hours"] == 1, hours
        assert ask("GET", "/v1/usage", Until="2020-01-01")["Usage"] == []

    with story.case("/healthz needs no signature and says ok; /metrics needs one unless it is open"):
        health = plain("/healthz")
        assert (health.status, health.body) == (200, b"ok\n"), (health.status, health.body)
        assert plain("/healthz", "POST").status != 200
        assert plain("/metrics").status == 403
        text = daemon.client.send("sallyport", aws.Request("GET", "/metrics")).body.decode()
        assert 'sallyport_files_ended_total{direction="send",result="completed"}' in text, text

    with story.case("Prometheus reads the metrics"):
        families = parse_metrics(text)
        assert families["sallyport_files_ended"][0] == "counter", families
        assert families["sallyport_connectors"] == ["gauge", [2.0]], families["sallyport_connectors"]
        assert all(len(samples) <= 10 for _, samples in families.values()), families  # labels are few

    with story.case("a validator of OpenAPI finds nothing wrong with doc/openapi.json"):
        validator = (harness.ROOT / "tests" / "tools" / "openapi" / "node_modules" / "@seriousme" / "openapi-schema-validator"
                     / "bin" / "validate-api-cli.js")
        if not validator.exists() or not shutil.which("node"):
            raise harness.Skip("needs npm's openapi-schema-validator: ./dev deps")
        done = subprocess.run(["node", validator, harness.ROOT / "doc" / "openapi.json"], text=True, capture_output=True,
                              check=False)
        assert done.returncode == 0 and json.loads(done.stdout)["valid"] is True, done.stdout + done.stderr

    with story.case("every answer of the story is one that doc/openapi.json has"):
        described = json.loads((harness.ROOT / "doc" / "openapi.json").read_text(encoding="utf-8"))
        for path, answer in (("/v1/transfers", ask("GET", "/v1/transfers")), ("/v1/files/{FileId}", look(file)),
                             ("/v1/transfers/{TransferId}", ask("GET", f"/v1/transfers/{second}")),
                             ("/v1/listings/{ListingId}", listed_page),
                             ("/v1/connectors/{ConnectorId}", ask("GET", f"/v1/connectors/{partner.id}")),
                             ("/v1/usage", ask("GET", "/v1/usage")), ("/v1/usage/resources", ask("GET", "/v1/usage/resources"))):
            shape = described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            check_shape(described, shape, answer, path)

    with story.case("metrics.open lets Prometheus in without a signature"):
        daemon.stop()
        daemon.settings["metrics.open"] = "true"
        daemon.start()
        assert b"sallyport_build_info" in plain("/metrics").body

    with story.case("the daemon ends in order while somebody listens"):
        with Listener(daemon) as ear:
            daemon.stop()
            ear.wait_end()
        daemon.start()
