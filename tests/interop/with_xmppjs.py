# with_xmppjs.py - two people with clients made of xmpp.js, in one Node.js
# SPDX-License-Identifier: MIT

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

from arrivals import Arrivals
from people import gathered
from wire import Wire

SOURCE = Path(__file__).resolve().parent / "xmppjs"
NAMES = {"c": "jabber:client", "roster": "jabber:iq:roster", "carbons": "urn:xmpp:carbons:2",
         "forward": "urn:xmpp:forward:0", "mam": "urn:xmpp:mam:2", "sm": "urn:xmpp:sm:3",
         "rsm": "http://jabber.org/protocol/rsm", "blocking": "urn:xmpp:blocking",
         "vcard": "vcard-temp", "private": "jabber:iq:private", "bookmarks": "storage:bookmarks",
         "version": "jabber:iq:version", "caps": "http://jabber.org/protocol/caps",
         "disco": "http://jabber.org/protocol/disco#info", "delay": "urn:xmpp:delay"}


def fetch_library(folder):
    """npm brings what the lock file names, once for each lock file."""
    def words(path):
        return path.read_bytes() if path.exists() else b""
    is_new = words(folder / "package-lock.json") != words(SOURCE / "package-lock.json")
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
    if is_new or not (folder / "node_modules").exists():
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                              cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            (folder / "package-lock.json").unlink()     # it is tried again
            raise RuntimeError(f"npm cannot bring xmpp.js: {done.stdout}{done.stderr}")


class Node:
    """The process with the devices."""

    def __init__(self, process):
        self.process = process
        self.devices = {}
        self.numbers = itertools.count()
        self.reading = asyncio.create_task(self.read())

    @classmethod
    async def start(cls, folder, certificate):
        return cls(await asyncio.create_subprocess_exec(
            "node", "--dns-result-order=ipv4first", "devices.mjs", cwd=folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=1 << 20,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(certificate)}))

    def tell(self, **words):
        self.process.stdin.write(json.dumps(words).encode() + b"\n")

    async def read(self):
        while line := await self.process.stdout.readline():
            event = json.loads(line)
            self.devices[event.pop("device")].note(event)

    async def stop(self):
        self.process.stdin.close()
        await self.process.wait()
        await self.reading


class Device:
    def __init__(self, name, password, demo, node):
        self.user, self.resource = name.split("_")
        self.name = name
        self.password = password
        self.node = node
        self.demo = demo
        self.wire = Wire()
        self.arrivals = Arrivals(name)
        self.jid = ""
        self.node.devices[name] = self

    def note(self, event):
        if "xml" in event:
            # A stanza's namespace is the stream's.
            event["stanza"] = ET.fromstring(f'<s xmlns="jabber:client">{event["xml"]}</s>')[0]
        self.arrivals.note(event)

    def tell(self, deed, **about):
        self.node.tell(deed=deed, device=self.name, **about)

    async def enter(self, is_direct=False):
        """"online", or why there is no session."""
        port = await self.wire.open(self.demo.ports["direct" if is_direct else "starttls"])
        self.tell("enter", options={
            "service": f"xmpps://localhost:{port}" if is_direct else f"xmpp://127.0.0.1:{port}",
            "domain": "localhost", "resource": self.resource,
            "username": self.user, "password": self.password})
        outcome = await self.expect_event("online", "error")
        self.jid = outcome.get("jid")
        return outcome.get("why", "online")

    async def come_online(self, is_direct=False):
        assert await self.enter(is_direct) == "online", f"{self.name} cannot log in"
        for namespace, name in (("jabber:iq:roster", "query"), ("urn:xmpp:blocking", "block"),
                                ("urn:xmpp:blocking", "unblock")):
            self.tell("answer", type="set", namespace=namespace, name=name)
        await self.ask('<iq type="get"><query xmlns="jabber:iq:roster"/></iq>')
        await self.ask('<iq type="get"><blocklist xmlns="urn:xmpp:blocking"/></iq>')
        self.send("<presence/>")
        await self.expect_presence(self.jid)

    async def leave(self):
        self.tell("leave")
        await self.expect_event("offline")
        self.wire.close()

    def send(self, text):
        self.tell("send", text=text)

    def say(self, to, body):
        self.send(f'<message to="{to}" type="chat"><body>{body}</body></message>')

    async def ask(self, text):
        """The result, or the name of the condition."""
        number = next(self.node.numbers)
        self.tell("ask", text=text, number=number)
        answer = await self.arrivals.expect(f"an answer to {text}", lambda event: (
            event["event"] == "answer" and event["number"] == number))
        return answer.get("stanza", answer.get("condition"))

    async def catch_up(self):
        """What the server has sent until now has arrived."""
        await self.ask('<iq type="get" to="localhost"><ping xmlns="urn:xmpp:ping"/></iq>')

    def expect_event(self, *names):
        return self.arrivals.expect(" or ".join(names), lambda event: event["event"] in names)

    async def expect(self, what, test):
        event = await self.arrivals.expect(what, lambda event: (
            event["event"] == "stanza" and test(event["stanza"])))
        return event["stanza"]

    def expect_presence(self, sender, kind=None, show=None):
        return self.expect(f"presence {kind} {show} from {sender}", lambda stanza: (
            stanza.tag == "{jabber:client}presence" and stanza.get("type") == kind and
            stanza.get("from").startswith(sender) and
            (show is None or stanza.findtext("c:show", "", NAMES) == show)))

    def expect_message(self, body):
        return self.expect(f"the message {body!r}", lambda stanza: body_of(stanza) == body)

    def expect_carbon(self, kind, body):
        """What this device hears of what another one sent or received."""
        path = f"carbons:{kind}/forward:forwarded/c:message/c:body"
        return self.expect(f"a copy of {body!r}",
                           lambda stanza: stanza.findtext(path, None, NAMES) == body)

    def expect_push(self, jid, **values):
        return self.expect(f"a roster push of {jid}: {values}", lambda stanza: any(
            item.get("jid") == jid and values.items() <= item.attrib.items()
            for item in stanza.iterfind("roster:query/roster:item", NAMES)))

    def has_seen(self, test):
        return any(test(event["stanza"]) for event in self.arrivals.items
                   if event["event"] == "stanza")


def body_of(stanza):
    return stanza.findtext("c:body", None, NAMES)


@contextlib.asynccontextmanager
async def people(demo):
    folder = demo.build / "xmppjs"
    fetch_library(folder)
    node = await Node.start(folder, demo.certificate())
    demo.log_everything()
    try:
        async with gathered(demo, lambda name, password: Device(name, password, demo, node)) as us:
            yield us
    finally:
        await node.stop()


async def logs_in_over_STARTTLS_with_SCRAM(people):
    await people.bring("juliet_desk")
    assert "SCRAM-SHA-1" in people.demo.logged("juliet@localhost: logged in"), \
        people.demo.log_tail()


async def logs_in_over_direct_TLS(people):
    await people.bring("juliet_phone", is_direct=True)
    await people.bring("romeo_desk", is_direct=True)
    await people.juliet_desk.expect_presence(people.juliet_phone.jid)


async def a_wrong_password_is_refused(people):
    stranger = people.make("juliet_stranger", "wrong")
    assert await stranger.enter() == "not-authorized"
    await stranger.leave()


async def a_new_contact_is_pushed_to_both_devices(people):
    await people.juliet_desk.ask('<iq type="set"><query xmlns="jabber:iq:roster"><item '
                                 'jid="romeo@localhost" name="Romeo"/></query></iq>')
    for device in (people.juliet_desk, people.juliet_phone):
        await device.expect_push("romeo@localhost", name="Romeo", subscription="none")


async def a_request_and_an_approval_in_each_direction_make_it_mutual(people):
    people.juliet_desk.send('<presence to="romeo@localhost" type="subscribe"/>')
    await people.romeo_desk.expect_presence("juliet@localhost", "subscribe")
    people.romeo_desk.send('<presence to="juliet@localhost" type="subscribed"/>')
    for device in (people.juliet_desk, people.juliet_phone):
        await device.expect_push("romeo@localhost", subscription="to")
        await device.expect_presence(people.romeo_desk.jid)
    people.romeo_desk.send('<presence to="juliet@localhost" type="subscribe"/>')
    await people.juliet_phone.expect_presence("romeo@localhost", "subscribe")
    people.juliet_phone.send('<presence to="romeo@localhost" type="subscribed"/>')
    await people.romeo_desk.expect_presence(people.juliet_desk.jid)
    await people.romeo_desk.expect_push("juliet@localhost", subscription="both")
    await people.juliet_desk.expect_push("romeo@localhost", subscription="both")


async def a_change_of_presence_reaches_the_contact(people):
    people.romeo_desk.send("<presence><show>away</show></presence>")
    for device in (people.juliet_desk, people.juliet_phone):
        await device.expect_presence(people.romeo_desk.jid, show="away")


async def carbons_show_each_device_what_the_other_one_says_and_hears(people):
    for device in (people.juliet_desk, people.juliet_phone):
        await device.ask('<iq type="set"><enable xmlns="urn:xmpp:carbons:2"/></iq>')
    people.juliet_desk.say("romeo@localhost", "wherefore art thou")
    message = await people.romeo_desk.expect_message("wherefore art thou")
    await people.juliet_phone.expect_carbon("sent", "wherefore art thou")
    people.romeo_desk.say(message.get("from"), "Shall I hear more?")
    await people.juliet_desk.expect_message("Shall I hear more?")
    await people.juliet_phone.expect_carbon("received", "Shall I hear more?")


async def an_archive_is_read_page_by_page(people):
    device = people.juliet_phone
    people.romeo_desk.say("juliet@localhost", "or shall I speak at this?")
    await device.expect_message("or shall I speak at this?")
    fins, bodies, after = [], [], ""
    while not fins or fins[-1].get("complete") != "true":
        answer = await device.ask(f"""<iq type="set"><query xmlns="urn:xmpp:mam:2" queryid="q">
            <x xmlns="jabber:x:data" type="submit">
            <field var="FORM_TYPE" type="hidden"><value>urn:xmpp:mam:2</value></field>
            <field var="with"><value>romeo@localhost</value></field></x>
            <set xmlns="http://jabber.org/protocol/rsm"><max>2</max>{after}</set></query></iq>""")
        fins.append(answer.find("mam:fin", NAMES))
        after = f"<after>{fins[-1].findtext('rsm:set/rsm:last', '', NAMES)}</after>"
        for _ in range(2 if len(fins) == 1 else 1):
            result = await device.expect("a message of the archive", lambda stanza: (
                stanza.find("mam:result[@queryid='q']", NAMES) is not None))
            bodies.append(result.findtext(".//c:body", None, NAMES))
    assert bodies == ["wherefore art thou", "Shall I hear more?", "or shall I speak at this?"], \
        bodies
    assert len(fins) == 2, len(fins)


async def a_broken_stream_is_resumed_and_nothing_is_lost_or_doubled(people):
    device = people.juliet_desk
    people.romeo_desk.say(device.jid, "before the storm")
    await device.expect_message("before the storm")
    device.wire.stall()
    device.say("romeo@localhost", "out of the storm")
    people.romeo_desk.say(device.jid, "in the storm")
    await people.romeo_desk.catch_up()
    device.wire.cut()
    await device.expect_event("disconnect")
    device.wire.mend()
    assert (await device.expect_event("resumed"))["jid"] == device.jid
    await device.expect_message("in the storm")
    await people.romeo_desk.expect_message("out of the storm")
    # Of what came before the storm xmpp.js counts less than it got: that may come again.
    for one in (device, people.romeo_desk):
        await one.catch_up()
        assert not one.has_seen(lambda stanza: " of the storm" in (body_of(stanza) or "") or
                                body_of(stanza) == "in the storm"), "a message twice"
    assert not people.romeo_desk.has_seen(lambda stanza: stanza.get("type") == "unavailable"), \
        "her session ended"


async def who_is_blocked_cannot_write_until_unblocked(people):
    romeo = '<item jid="romeo@localhost"/>'
    await people.juliet_desk.ask(
        f'<iq type="set"><block xmlns="urn:xmpp:blocking">{romeo}</block></iq>')
    for device in (people.juliet_desk, people.juliet_phone):
        await device.expect("the push", lambda stanza: (
            stanza.find("blocking:block/blocking:item[@jid='romeo@localhost']", NAMES) is not None))
    people.romeo_desk.say("juliet@localhost", "the orchard walls are high")
    await people.romeo_desk.expect("that it is refused", lambda stanza: (
        stanza.get("type") == "error" and stanza.tag == "{jabber:client}message"))
    await people.juliet_phone.ask(
        f'<iq type="set"><unblock xmlns="urn:xmpp:blocking">{romeo}</unblock></iq>')
    people.romeo_desk.say(people.juliet_desk.jid, "with love's light wings")
    await people.juliet_desk.expect_message("with love's light wings")
    assert not people.juliet_desk.has_seen(
        lambda stanza: body_of(stanza) == "the orchard walls are high")


async def a_vcard_is_seen_by_others(people):
    await people.romeo_desk.ask(
        '<iq type="set"><vCard xmlns="vcard-temp"><FN>Romeo Montague</FN></vCard></iq>')
    seen = await people.juliet_desk.ask(
        '<iq type="get" to="romeo@localhost"><vCard xmlns="vcard-temp"/></iq>')
    assert seen.findtext("vcard:vCard/vcard:FN", None, NAMES) == "Romeo Montague", seen


async def bookmarks_of_one_device_are_those_of_the_other(people):
    await people.juliet_desk.ask(
        '<iq type="set"><query xmlns="jabber:iq:private"><storage xmlns="storage:bookmarks">'
        '<conference jid="verona@rooms.localhost" name="Verona" autojoin="true"/>'
        '</storage></query></iq>')
    found = await people.juliet_phone.ask(
        '<iq type="get"><query xmlns="jabber:iq:private"><storage xmlns="storage:bookmarks"/>'
        '</query></iq>')
    room = found.find("private:query/bookmarks:storage/bookmarks:conference", NAMES)
    assert room.get("jid") == "verona@rooms.localhost", found


async def pings_and_questions_for_the_version_are_answered(people):
    for target in ("localhost", people.romeo_desk.jid):
        answer = await people.juliet_desk.ask(
            f'<iq type="get" to="{target}"><ping xmlns="urn:xmpp:ping"/></iq>')
        assert answer.get("type") == "result", answer
    answer = await people.juliet_desk.ask(
        '<iq type="get" to="localhost"><query xmlns="jabber:iq:version"/></iq>')
    assert answer.findtext("version:query/version:name", None, NAMES), answer
    assert answer.findtext("version:query/version:version", None, NAMES), answer


async def what_nobody_answers_is_an_error_and_not_silence(people):
    for target in ("localhost", "juliet@localhost", people.romeo_desk.jid):
        condition = await people.juliet_desk.ask(
            f'<iq type="get" to="{target}"><query xmlns="urn:example:unheard-of"/></iq>')
        assert condition == "service-unavailable", condition
        assert people.demo.logged(f"iq get to {target} with query of urn:example:unheard-of: "
                                  "service-unavailable") or "desk" in target


async def capabilities_are_passed_on_and_the_servers_are_told(people):
    people.romeo_desk.tell(
        "answer", type="get", namespace=NAMES["disco"], name="query",
        text='<query xmlns="http://jabber.org/protocol/disco#info">'
             '<feature var="urn:example:balcony"/></query>')
    people.romeo_desk.send('<presence><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" '
                           'node="https://example.org" ver="QgayPKawpkPSDYmwT/WM94uAlu0="/>'
                           '</presence>')
    seen = await people.juliet_desk.expect("capabilities", lambda stanza: (
        stanza.find("caps:c", NAMES) is not None))
    assert seen.get("from") == people.romeo_desk.jid, seen
    for target, feature in ((people.romeo_desk.jid, "urn:example:balcony"),
                            ("localhost", "urn:xmpp:blocking"),
                            ("juliet@localhost", "urn:xmpp:mam:2")):
        answer = await people.juliet_desk.ask(
            f'<iq type="get" to="{target}">'
            '<query xmlns="http://jabber.org/protocol/disco#info"/></iq>')
        assert answer.find(f"disco:query/disco:feature[@var='{feature}']", NAMES) is not None, \
            f"{target} lacks {feature}"


async def an_inactive_client_hears_of_presence_when_it_is_active_again(people):
    device = people.juliet_phone
    device.send('<inactive xmlns="urn:xmpp:csi:0"/>')
    await device.catch_up()
    device.arrivals.items.clear()
    for show in ("away", "dnd", "xa"):
        people.romeo_desk.send(f"<presence><show>{show}</show></presence>")
    await people.juliet_desk.expect_presence(people.romeo_desk.jid, show="xa")
    device.send('<active xmlns="urn:xmpp:csi:0"/>')
    await device.expect_presence(people.romeo_desk.jid, show="xa")
    assert not device.has_seen(lambda stanza: stanza.tag == "{jabber:client}presence"), \
        device.arrivals.items


async def messages_to_an_absent_account_wait_in_order(people):
    await people.take_away("romeo_desk")
    await people.juliet_desk.expect_presence("romeo@localhost/desk", "unavailable")
    for number in range(3):
        people.juliet_desk.say("romeo@localhost", f"waiting {number}")
    await people.juliet_desk.catch_up()
    await people.bring("romeo_phone")
    bodies = []
    for number in range(3):
        message = await people.romeo_phone.expect("a delayed message", lambda stanza: (
            stanza.find("delay:delay", NAMES) is not None))
        bodies.append(body_of(message))
    assert bodies == [f"waiting {number}" for number in range(3)], bodies


async def a_new_password_is_the_one_that_counts(people):
    await people.juliet_phone.ask(
        '<iq type="set" to="localhost"><query xmlns="jabber:iq:register">'
        '<username>juliet</username><password>balcony</password></query></iq>')
    old = people.make("juliet_stranger")
    assert await old.enter() == "not-authorized"
    await old.leave()
    people.demo.accounts["juliet"] = "balcony"
    await people.bring("juliet_tablet", is_direct=True)
