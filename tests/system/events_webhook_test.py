#!/usr/bin/env python3
"""Webhooks: signed, at least once, in order for each connector, and patient with receivers that are not well."""

import os
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import events  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import policies  # noqa: E402
import receiver as receivers  # noqa: E402
import sshd  # noqa: E402

SECRET = "whsec-for-this-story"
SETTINGS = {
    "events.webhook_retry_delay": "20ms",
    "events.webhook_retry_delay_max": "100ms",
    "events.webhook_attempts": "1000",
}


def daemon_with(story, name, *hooks, **settings):
    """A daemon that sends to the receivers @hooks, which are called hook-0 …"""
    secret = story.folder / "secret"
    if not secret.exists():
        secret.write_text(SECRET + "\n", encoding="ascii")
        secret.chmod(0o600)
    places = " ".join(f"hook-{i}={hook.url}" for i, hook in enumerate(hooks))
    more = {name.replace("__", "."): value for name, value in settings.items()}
    daemon = harness.Daemon(story.folder / name, {**SETTINGS, "events.webhooks": places, "events.webhook_secret": str(secret),
                                                  **more})
    return daemon


def partner_with_files(daemon, server):
    (daemon.bucket("files") / "a").write_bytes(b"a")
    return flows.partner_of(daemon, server)


def send(partner, server, count=1):
    """So many files, one after the other."""
    for _ in range(count):
        partner.wait_completed(partner.send("/files/a", to=server.home))


def in_order(daemon, partner):
    """The ids of the connector's events as they were committed."""
    return [row[2] for row in events.in_store(daemon) if row[0] == partner.id]


def what_comes(story, server):
    with receivers.Receiver(SECRET) as hook, daemon_with(story, "signed", hook) as daemon:
        partner = partner_with_files(daemon, server)

        with story.case("each event comes once, signed, with its id in a header, and is what the file has"):
            send(partner, server, 5)
            partner.wait(partner.send("/files/none", to=server.home))
            hook.wait(6)
            assert hook.faults == [], hook.faults
            assert hook.ids() == in_order(daemon, partner)
            harness.wait_until(lambda: len(events.in_files(daemon)) == 6, "the file to have them too")
            assert hook.events() == events.in_files(daemon)
            assert set(hook.tries.values()) == {1}, hook.tries

        with story.case("a signature with another secret, of another body or from long ago is none"):
            body = b"{}"
            good = "t=1764520088,v1=" + receivers.hmac.new(SECRET.encode(), b"1764520088." + body, "sha256").hexdigest()
            assert receivers.is_signed(SECRET, good, body, now=1764520090)
            assert not receivers.is_signed("another", good, body, now=1764520090)
            assert not receivers.is_signed(SECRET, good, b"{ }", now=1764520090)
            assert not receivers.is_signed(SECRET, good, body, now=1764520090 + receivers.TOLERANCE_SECONDS)

        with story.case("after a restart what was delivered does not come again"):
            daemon.stop()
            daemon.start()
            send(partner, server)
            hook.wait(7)
            assert hook.ids() == in_order(daemon, partner) and set(hook.tries.values()) == {1}, hook.tries


def one_fails(story, server):
    refused = set()

    def answer(event, _):
        return 500 if event["detail"]["connector-id"] in refused else 200

    with receivers.Receiver(SECRET, answer) as hook, daemon_with(story, "one-fails", hook) as daemon:
        stuck, well = partner_with_files(daemon, server), flows.partner_of(daemon, server)

        with story.case("a connector whose events are refused waits, in order, and keeps no other one waiting"):
            refused.add(stuck.id)
            send(stuck, server, 4)
            send(well, server, 4)
            hook.wait(4, connector=well.id)
            first = in_order(daemon, stuck)[0]
            harness.wait_until(lambda: hook.tries.get(first, 0) >= 3, "the first event to be tried again and again")
            assert hook.ids(stuck.id) == [] and len(hook.tries) == 5, hook.tries
            assert f"did not take the event {first} of {stuck.id}, try 1" in daemon.log_text()
            assert "it answered 500" in daemon.log_text()

        with story.case("a restart in between changes nothing of that, and repeats nothing of the other one"):
            daemon.stop()
            daemon.start()
            send(well, server)
            hook.wait(5, connector=well.id)
            refused.clear()
            hook.wait(4, connector=stuck.id)
            assert hook.ids(stuck.id) == in_order(daemon, stuck)
            assert hook.ids(well.id) == in_order(daemon, well)
            assert hook.faults == [], hook.faults


def write_slowly(handler):
    """An answer that never comes to its end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    handler.close_connection = True
    handler.rfile.read(1)  # until the other side has enough


def write_much(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(64 << 20))
    handler.end_headers()
    handler.close_connection = True
    try:
        while True:
            handler.wfile.write(bytes(1 << 16))
    except OSError:
        pass


def redirect(handler):
    handler.send_response(302)
    handler.send_header("Location", "http://127.0.0.1:1/elsewhere")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def odd_answers(story, server):
    script = []  # what the next tries are answered

    def answer(*_):
        return script.pop(0) if script else 200

    with receivers.Receiver(SECRET, answer) as hook, daemon_with(story, "odd", hook, events__webhook_timeout="2s") as daemon:
        partner = partner_with_files(daemon, server)
        for what, odd, words in (
                ("does not understand us", 400, "it answered 400"),
                ("is busy", 503, "it answered 503"),
                ("sends elsewhere", redirect, "it answered 302 and sends to \"http://127.0.0.1:1/elsewhere\""),
                ("closes the connection without a word", None, "Empty reply"),
                ("answers nonsense", b"\x00\xff nonsense\r\n\r\n", "HTTP/0.9"),
                ("never comes to an end", write_slowly, "timed out")):
            with story.case(f"a receiver that {what} has not taken the event, and gets it again"):
                script[:] = [odd, odd]
                before = len(hook.ids())
                send(partner, server, 2)
                hook.wait(before + 2)
                assert words in daemon.log_text(), daemon.log_text()[-2000:]
                assert hook.ids() == in_order(daemon, partner)
        with story.case("one that takes the event and then talks without end has taken it"):
            script[:] = [write_much]
            send(partner, server, 1)
            late = in_order(daemon, partner)[-1]
            send(partner, server, 1)
            hook.wait(len(in_order(daemon, partner)) - 1)
            assert hook.tries[late] == 1 and late not in hook.ids()
        assert hook.faults == [], hook.faults


def parked(story, server):
    refused = set()

    def answer(event, _):
        return 500 if event["detail"]["connector-id"] in refused else 200

    with receivers.Receiver(SECRET, answer) as hook, daemon_with(story, "parked", hook, events__webhook_attempts="3") as daemon:
        stuck, well = partner_with_files(daemon, server), flows.partner_of(daemon, server)
        refused.add(stuck.id)

        def wait_parked(times):
            harness.wait_until(lambda: daemon.log_text().count("in 3 tries") == times, "the connector's events to be parked")

        with story.case("after so many tries a connector's events are parked, which the log says with what to do"):
            send(stuck, server, 3)
            wait_parked(1)
            first = in_order(daemon, stuck)[0]
            assert "it answered 500, and 2xx was to come; this connector's events wait until they are resumed" in daemon.log_text()
            send(stuck, server)
            send(well, server, 3)
            hook.wait(3, connector=well.id)
            assert hook.tries[first] == 3 and hook.ids(stuck.id) == [], hook.tries

        with story.case("SIGHUP tries them again, and what is still refused is parked again"):
            daemon.process.send_signal(signal.SIGHUP)
            wait_parked(2)
            assert hook.tries[first] == 6, hook.tries

        with story.case("so does a new start"):
            daemon.stop()
            daemon.start()
            wait_parked(3)

        with story.case("SIGHUP, once the receiver is well: all come, in order"):
            refused.clear()
            daemon.process.send_signal(signal.SIGHUP)
            hook.wait(4, connector=stuck.id)
            assert hook.ids(stuck.id) == in_order(daemon, stuck)
            assert "is tried again for 1 connectors" in daemon.log_text()


def looked_after(story, server):
    """By our own calls: seeing, resuming, skipping."""
    refused = set()

    def answer(event, _):
        return 500 if event["id"] in refused or event["detail"]["connector-id"] in refused else 200

    with receivers.Receiver(SECRET, answer) as hook, receivers.Receiver(SECRET) as other, \
            daemon_with(story, "looked-after", hook, other, events__webhook_attempts="3") as daemon:
        stuck, slow = partner_with_files(daemon, server), flows.partner_of(daemon, server)
        refused |= {stuck.id, slow.id}

        def ask(method="GET", path="", body=None):
            return daemon.client.rest("sallyport", method, f"/v1/webhooks{path}", body)

        def lanes():
            return {lane["ConnectorId"]: lane for lane in ask(path="/hook-0")["Connectors"]}

        def wait_parked(*partners):
            def parked():
                found = lanes()
                return found if all(found.get(one.id, {}).get("State") == "PARKED" for one in partners) else None
            return harness.wait_until(parked, "the events to be parked")

        def not_done(status, words, path, body):
            try:
                done = ask("POST", path, body)
            except aws.AwsError as error:
                assert error.status == status and words in error.message, error
                return
            raise AssertionError(f"was done: {done}")

        with story.case("GET /v1/webhooks says of each webhook who waits, and nothing of its URL that may be secret"):
            send(stuck, server, 3)
            send(slow, server)
            found = wait_parked(stuck, slow)
            first = in_order(daemon, stuck)[0]
            lane = found[stuck.id]
            assert (lane["Tries"], lane["EventId"]) == (3, first) and "it answered 500" in lane["Failure"], lane
            origin = f"http://127.0.0.1:{hook.port}"
            assert ask()["Webhooks"] == [
                {"WebhookName": "hook-0", "Origin": origin, "ConnectorsWaiting": 2, "ConnectorsParked": 2},
                {"WebhookName": "hook-1", "Origin": f"http://127.0.0.1:{other.port}", "ConnectorsWaiting": 0, "ConnectorsParked": 0}]
            assert ask(path="/hook-1")["Connectors"] == []

        with story.case("connectors come a page at a time"):
            page = ask(path="/hook-0?MaxResults=1")
            rest = ask(path=f"/hook-0?MaxResults=1&NextToken={page['NextToken']}")
            assert [page["Connectors"][0]["ConnectorId"], rest["Connectors"][0]["ConnectorId"]] == sorted(found), (page, rest)
            assert "NextToken" not in rest, rest

        with story.case("one connector is resumed and not the other; what is still refused is parked again"):
            tries = hook.tries[first]
            assert ask("POST", "/hook-0/resume", {"ConnectorId": slow.id}) == {"WebhookName": "hook-0", "Resumed": 1}
            harness.wait_until(lambda: hook.tries[in_order(daemon, slow)[0]] == 6, "three more tries")
            wait_parked(slow)
            assert hook.tries[first] == tries, hook.tries
            refused.discard(slow.id)
            ask("POST", "/hook-0/resume", {"ConnectorId": slow.id})
            hook.wait(1, connector=slow.id)

        with story.case("only the connector's first event can be skipped, and only by who names it"):
            second = in_order(daemon, stuck)[1]
            skip = {"ConnectorId": stuck.id, "EventId": first}
            not_done(409, f'is "{first}"', "/hook-0/skip", {**skip, "EventId": second})
            not_done(404, "has taken all", "/hook-0/skip", {**skip, "ConnectorId": slow.id})
            not_done(404, "has taken all", "/hook-1/skip", skip)
            not_done(404, "there is no webhook", "/hook-9/skip", skip)
            not_done(404, "there is no webhook", "/hook-9/resume", {})
            not_done(400, "EventId", "/hook-0/skip", {**skip, "EventId": "x"})
            assert lanes()[stuck.id]["EventId"] == first

        with story.case("a skipped event is kept as such over a kill at once; the next one is tried, others have all"):
            refused |= {second}
            refused.discard(stuck.id)
            assert ask("POST", "/hook-0/skip", skip)["EventId"] == first
            daemon.kill()
            daemon.start()
            assert wait_parked(stuck)[stuck.id]["EventId"] == second
            ask("POST", "/hook-0/skip", {**skip, "EventId": second})
            hook.wait(1, connector=stuck.id)
            assert hook.ids(stuck.id) == in_order(daemon, stuck)[2:], "a skipped one came"
            harness.wait_until(lambda: lanes() == {}, "all to be told")
            assert set(other.ids(stuck.id)) == set(in_order(daemon, stuck))
            assert f"never gets the event {first} of {stuck.id}" in daemon.log_text()

        with story.case("who looks after webhooks needs a permission for that one"):
            iam = lambda operation, **arguments: daemon.client.call("iam", operation, arguments)  # noqa: E731
            iam("CreateUser", UserName="carer")
            arn = f"arn:aws:transfer:{daemon.env['AWS_REGION']}:000000000000:webhook/hook-1"
            iam("PutUserPolicy", UserName="carer", PolicyName="p", PolicyDocument=policies.policy(
                policies.allow("sallyport:*Webhook", arn)))
            key = iam("CreateAccessKey", UserName="carer")["AccessKey"]
            carer = aws.Client(daemon.env["AWS_ENDPOINT_URL"], daemon.env["AWS_REGION"], key["AccessKeyId"], key["SecretAccessKey"])
            carer.rest("sallyport", "GET", "/v1/webhooks/hook-1")
            carer.rest("sallyport", "POST", "/v1/webhooks/hook-1/resume", {})
            for method, path, body in (("GET", "", None), ("GET", "/hook-0", None), ("POST", "/hook-0/resume", {}), ("POST", "/hook-1/skip", skip)):
                try:
                    carer.rest("sallyport", method, f"/v1/webhooks{path}", body)
                except aws.AwsError as error:
                    assert (error.code, error.status) == ("AccessDeniedException", 403), error
                else:
                    raise AssertionError(f"{method} {path} was done")


def away(story, server):
    hooks = [receivers.Receiver(SECRET), receivers.Receiver(SECRET)]
    with hooks[0], hooks[1]:
        pass  # their ports are known now

    with daemon_with(story, "away", *hooks) as daemon:
        partner = partner_with_files(daemon, server)

        with story.case("a receiver that is away gets all when it is back, though the daemon was killed meanwhile"):
            send(partner, server, 3)
            harness.wait_until(lambda: "the webhook \"hook-0\" did not take" in daemon.log_text(), "the log to say that it is away")
            daemon.kill()
            daemon.start()
            send(partner, server, 2)
            with hooks[0]:
                hooks[0].wait(5)
                assert hooks[0].ids() == in_order(daemon, partner)

        with story.case("webhooks are independent of each other"):
            assert hooks[1].ids() == []
            with hooks[1]:
                hooks[1].wait(5)
                assert hooks[1].ids() == in_order(daemon, partner)
                assert len(hooks[0].ids()) == 5

        with story.case("a webhook that is new gets what happens from then on, one that is gone is forgotten"):
            daemon.stop()
            with receivers.Receiver(SECRET) as third:
                daemon.settings["events.webhooks"] = f"third={third.url}"
                daemon.start()
                send(partner, server, 2)
                third.wait(2)
                assert third.ids() == in_order(daemon, partner)[-2:]


def deleted(story, server):
    with receivers.Receiver(SECRET) as hook, daemon_with(story, "deleted", hook) as daemon:
        (daemon.bucket("files") / "a").write_bytes(b"a")
        with story.case("what had not ended when its connector was deleted is told at once, though nothing else happens"):
            partner = partner_with_files(daemon, server)
            daemon.client.rest("sallyport", "POST", f"/v1/connectors/{partner.id}/pause")
            for _ in range(60):  # more than one piece of a removal
                partner.send(*(f"/files/{number}" for number in range(10)), to=server.home)
            assert hook.tries == {}
            partner.call("DeleteConnector", ConnectorId=partner.id)
            hook.wait(600, connector=partner.id)
            told = [event["detail"] for event in hook.events()]
            assert {detail["status-code"] for detail in told} == {"FAILED"} and len({detail["file-transfer-id"] for detail in told}) == 600
            assert hook.ids(partner.id) == in_order(daemon, partner) and hook.faults == [], hook.faults


def too_many(story, server):
    with receivers.Receiver(SECRET, lambda *_: 500) as hook, \
            daemon_with(story, "many", hook, events__records="100") as daemon:
        partner = partner_with_files(daemon, server)

        with story.case("beyond events.records the oldest are lost to who does not take them, and the log says so"):
            for _ in range(15):
                partner.wait(partner.send("/files/a", *(f"/files/none-{i}" for i in range(9)), to=server.home))
            harness.wait_until(lambda: len(events.in_store(daemon)) == 100, "the oldest to go", 30)
            lost = re.compile(r'the webhook "hook-0" has lost (\d+) events')
            harness.wait_until(lambda: sum(map(int, lost.findall(daemon.log_text()))) == 50, "the log to say what is lost")
            assert daemon.log_text().count(" has lost ") == len(lost.findall(daemon.log_text())), "the file has lost none"

        with story.case("it goes on with the oldest that is left"):
            hook.answer = lambda *_: 200
            hook.wait(100, seconds=30)
            assert hook.ids() == in_order(daemon, partner)


def make_certificate(folder, name):
    """A certificate for 127.0.0.1 that stands for itself."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out",
                    str(certificate)], check=True, stderr=subprocess.DEVNULL)
    return str(certificate), str(key)


def with_tls(story, server):
    ours, others = make_certificate(story.folder, "ours"), make_certificate(story.folder, "others")
    with receivers.Receiver(SECRET, certificate=ours) as good, receivers.Receiver(SECRET, certificate=others) as bad, \
            daemon_with(story, "tls", good, bad, events__webhook_ca=ours[0]) as daemon:
        partner = partner_with_files(daemon, server)

        with story.case("over https events go to who proves who he is, and to nobody else"):
            send(partner, server, 2)
            good.wait(2)
            assert good.ids() == in_order(daemon, partner) and good.faults == [], good.faults
            harness.wait_until(lambda: "hook-1\" did not take" in daemon.log_text() and "certificate" in daemon.log_text(),
                               "the log to say that the other one is not trusted")
            assert bad.tries == {}, bad.tries


def refused_settings(story):
    def start(**settings):
        daemon = daemon_with(story, "refused", **settings)
        try:
            daemon.start()
        except RuntimeError as error:
            return str(error)
        daemon.stop()
        raise AssertionError("it started")

    with story.case("a webhook or a secret that makes no sense keeps the daemon from starting, with a sentence"):
        assert "needed is a URL such as https://audit.example/in" in start(events__webhooks="a=ftp://127.0.0.1/")
        hook = {"events__webhooks": "a=http://127.0.0.1:1/"}
        assert "others may use it, too (mode 0644)" in start(**hook, events__webhook_secret=secret_file(story, SECRET, 0o644))
        assert "must have 16 to 255 bytes" in start(**hook, events__webhook_secret=secret_file(story, "short", 0o600))
        assert "could not open the secret of webhooks" in start(**hook, events__webhook_secret=str(story.folder / "none"))

    with story.case("without a setting the secret is made, for nobody else to read"):
        daemon = daemon_with(story, "refused", **hook)
        del daemon.settings["events.webhook_secret"]
        with daemon:
            path = daemon.state / "webhook.secret"
            assert path.stat().st_mode & 0o777 == 0o600 and len(path.read_text(encoding="ascii")) == 65


def secret_file(story, text, mode):
    path = story.folder / f"secret-{mode:o}-{len(text)}"
    path.write_text(text + "\n", encoding="ascii")
    os.chmod(path, mode)
    return str(path)


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    what_comes(story, server)
    one_fails(story, server)
    odd_answers(story, server)
    parked(story, server)
    looked_after(story, server)
    away(story, server)
    deleted(story, server)
    too_many(story, server)
    with_tls(story, server)
    refused_settings(story)
