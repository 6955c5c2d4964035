# with_slixmpp.py - two people with two clients each, made of slixmpp
# SPDX-License-Identifier: MIT

import asyncio
import hashlib
import logging
import xml.etree.ElementTree as ET
from datetime import datetime
from time import time as now

import slixmpp

from arrivals import TIMEOUT_S, Arrivals
from people import gathered


class Client(slixmpp.ClientXMPP):
    """Keeps what arrives, until a test expects it."""

    def __init__(self, name, password, demo):
        user, resource = name.split("_")
        super().__init__(f"{user}@localhost/{resource}", password)
        self.demo = demo
        self.ca_certs = demo.certificate()
        self.auto_authorize = None      # tests answer subscription requests themselves
        self.auto_subscribe = False
        for plugin in ("xep_0012", "xep_0030", "xep_0049", "xep_0050", "xep_0054", "xep_0092", "xep_0115",
                       "xep_0199", "xep_0203"):
            self.register_plugin(plugin)
        self.arrivals = Arrivals(name)
        self.outcome = asyncio.get_running_loop().create_future()
        self.add_filter("in", self.arrivals.note)
        self.add_event_handler("session_start", lambda _: self.settle("session"))
        self.add_event_handler("failed_all_auth", lambda _: self.settle("refused"))

    def settle(self, outcome):
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    async def enter(self, is_direct=False):
        """"session", or "refused"."""
        port = self.demo.ports["direct" if is_direct else "starttls"]
        self.connect(("127.0.0.1", port), use_ssl=is_direct, force_starttls=not is_direct,
                     disable_starttls=is_direct)
        return await asyncio.wait_for(self.outcome, TIMEOUT_S)

    async def come_online(self, is_direct=False):
        assert await self.enter(is_direct) == "session", f"{self.arrivals.whose} cannot log in"
        await self.items()
        self.send_presence()
        await self.expect_presence("available", str(self.boundjid))

    async def leave(self):
        await self.disconnect()

    def expect(self, what, test):
        return self.arrivals.expect(what, test)

    def expect_presence(self, kind, sender):
        return self.expect(f"presence {kind} from {sender}", lambda stanza: (
            isinstance(stanza, slixmpp.Presence) and stanza["type"] == kind and
            str(stanza["from"]).startswith(sender)))

    def expect_message(self, body):
        return self.expect(f"the message {body!r}", lambda stanza: (
            isinstance(stanza, slixmpp.Message) and stanza["body"] == body))

    def expect_push(self, jid, **values):
        return self.expect(f"a roster push of {jid}: {values}", lambda stanza: (
            isinstance(stanza, slixmpp.Iq) and stanza["type"] == "set" and
            all(stanza["roster"]["items"].get(slixmpp.JID(jid), {}).get(key) == value
                for key, value in values.items()) and
            slixmpp.JID(jid) in stanza["roster"]["items"]))

    async def items(self):
        """The whole roster, whatever version is known."""
        question = self.make_iq_get()
        question.enable("roster")
        answer = await question.send(timeout=TIMEOUT_S)
        return answer["roster"]["items"]


def people(demo):
    logging.disable(logging.CRITICAL)
    return gathered(demo, lambda name, password: Client(name, password, demo))


async def logs_in_over_STARTTLS_with_a_verified_certificate(people):
    await people.bring("juliet_desk")
    assert people.juliet_desk.transport.get_extra_info("ssl_object").version() == "TLSv1.3"


async def mechanisms_that_it_tries_in_vain_are_one_line_of_the_log(people):
    lines = [line for line in people.demo.log_lines() if "juliet@localhost: login from" in line]
    assert len(lines) == 1 and "channel binding that does not fit" in lines[0], lines


async def logs_in_over_direct_TLS(people):
    await people.bring("juliet_phone", is_direct=True)
    await people.bring("romeo_desk", is_direct=True)


async def two_resources_of_one_account_see_each_other(people):
    await people.bring("romeo_phone")
    await people.romeo_desk.expect_presence("available", "romeo@localhost/phone")
    await people.romeo_phone.expect_presence("available", "romeo@localhost/desk")


async def a_wrong_password_is_refused(people):
    stranger = people.make("juliet_stranger", "wrong")
    assert await stranger.enter() == "refused"
    await stranger.leave()


async def a_new_contact_is_pushed_to_both_resources(people):
    people.juliet_desk.update_roster("romeo@localhost", name="Romeo", groups=["Montague"])
    for client in (people.juliet_desk, people.juliet_phone):
        await client.expect_push("romeo@localhost", name="Romeo", groups=["Montague"],
                                 subscription="none")


async def a_subscription_request_reaches_both_resources(people):
    people.juliet_desk.send_presence_subscription("romeo@localhost", ptype="subscribe")
    for client in (people.romeo_desk, people.romeo_phone):
        await client.expect_presence("subscribe", "juliet@localhost")


async def an_approval_brings_presence_of_both_resources(people):
    people.romeo_phone.send_presence_subscription("juliet@localhost", ptype="subscribed")
    for client in (people.juliet_desk, people.juliet_phone):
        await client.expect_push("romeo@localhost", subscription="to")
        await client.expect_presence("available", "romeo@localhost/desk")
        await client.expect_presence("available", "romeo@localhost/phone")


async def the_other_direction_makes_it_mutual(people):
    people.romeo_desk.send_presence_subscription("juliet@localhost", ptype="subscribe")
    await people.juliet_phone.expect_presence("subscribe", "romeo@localhost")
    people.juliet_phone.send_presence_subscription("romeo@localhost", ptype="subscribed")
    await people.romeo_phone.expect_push("juliet@localhost", subscription="both")
    await people.juliet_desk.expect_push("romeo@localhost", subscription="both")
    await people.romeo_desk.expect_presence("available", "juliet@localhost/desk")


async def a_change_of_presence_reaches_the_contact(people):
    people.romeo_desk.send_presence(pshow="away", pstatus="at the ball")
    for client in (people.juliet_desk, people.juliet_phone):
        shown = await client.expect("away", lambda stanza: (
            isinstance(stanza, slixmpp.Presence) and stanza["show"] == "away"))
        assert shown["status"] == "at the ball"


async def a_message_to_a_full_address_reaches_that_client(people):
    people.juliet_desk.send_message("romeo@localhost/phone", "to the phone", mtype="chat")
    received = await people.romeo_phone.expect_message("to the phone")
    assert str(received["from"]) == "juliet@localhost/desk"


async def a_message_to_a_bare_address_reaches_the_account(people):
    people.romeo_desk.send_presence(ppriority=5)
    await people.juliet_desk.expect("priority 5", lambda stanza: (
        isinstance(stanza, slixmpp.Presence) and stanza["priority"] == 5))
    people.juliet_desk.send_message("romeo@localhost", "wherefore art thou", mtype="chat")
    await people.romeo_desk.expect_message("wherefore art thou")


async def an_answer_comes_back(people):
    body = "Call me but love <& \"☂\">, and I'll be new baptized"
    people.romeo_desk.send_message("juliet@localhost/desk", body, mtype="chat")
    await people.juliet_desk.expect_message(body)


async def the_server_tells_what_it_does(people):
    info = await people.juliet_desk["xep_0030"].get_info("localhost", timeout=TIMEOUT_S)
    features = info["disco_info"]["features"]
    for feature in ("http://jabber.org/protocol/disco#info",
                    "http://jabber.org/protocol/disco#items", "urn:xmpp:ping", "msgoffline"):
        assert feature in features, f"{feature} is not among {features}"
    assert any(identity[:2] == ("server", "im")
               for identity in info["disco_info"]["identities"])
    await people.juliet_desk["xep_0030"].get_items("localhost", timeout=TIMEOUT_S)


async def a_contact_tells_what_its_client_does(people):
    info = await people.juliet_phone["xep_0030"].get_info("romeo@localhost/desk",
                                                          timeout=TIMEOUT_S)
    assert "urn:xmpp:ping" in info["disco_info"]["features"]


async def pings_are_answered_by_the_server_and_by_a_contact(people):
    ping = people.juliet_desk["xep_0199"].ping
    await ping("localhost", timeout=TIMEOUT_S)
    await ping("romeo@localhost/phone", timeout=TIMEOUT_S)


async def the_server_tells_its_version_time_and_age(people):
    client = people.juliet_desk
    version = await client["xep_0092"].get_version("localhost", timeout=TIMEOUT_S)
    assert version["software_version"]["name"] and version["software_version"]["version"]
    question = client.make_iq_get(ito="localhost")  # its plugin cannot read what it asks for
    question.append(ET.Element("{urn:xmpp:time}time"))
    time = await question.send(timeout=TIMEOUT_S)
    utc = time.xml.findtext("{urn:xmpp:time}time/{urn:xmpp:time}utc")
    assert abs(datetime.fromisoformat(utc).timestamp() - now()) < 60, utc
    last = await client["xep_0012"].get_last_activity("localhost", timeout=TIMEOUT_S)
    assert 0 <= last["last_activity"]["seconds"] < 600, last


async def the_servers_capabilities_are_believed(people):
    client = people.juliet_desk
    ver = await client["xep_0115"].get_verstring("localhost")
    info = await client["xep_0115"].get_caps(verstring=ver)
    assert "http://jabber.org/protocol/caps" in info["features"], info


async def a_vcard_is_seen_by_others_and_its_photo_in_presence(people):
    card = people.romeo_desk["xep_0054"].make_vcard()
    card["FN"] = "Romeo Montague"
    card["PHOTO"]["TYPE"] = "image/png"
    card["PHOTO"]["BINVAL"] = b"abc"
    await people.romeo_desk["xep_0054"].publish_vcard(card, timeout=TIMEOUT_S)
    answer = await people.juliet_desk["xep_0054"].get_vcard("romeo@localhost", local=False,
                                                            timeout=TIMEOUT_S)
    assert answer["vcard_temp"]["FN"] == "Romeo Montague", answer
    assert answer["vcard_temp"]["PHOTO"]["BINVAL"] == b"abc", answer
    people.romeo_desk.send_presence(pstatus="smiling")
    shown = await people.juliet_desk.expect("a smile", lambda stanza: (
        isinstance(stanza, slixmpp.Presence) and stanza["status"] == "smiling"))
    photo = shown.xml.find("{vcard-temp:x:update}x/{vcard-temp:x:update}photo")
    assert photo is not None and photo.text == hashlib.sha1(b"abc").hexdigest(), shown


class Opinion(slixmpp.xmlstream.ElementBase):
    name = plugin_attrib = "opinion"
    namespace = "urn:example:opinion"
    interfaces = {"of"}


async def a_client_finds_what_another_kept(people):
    slixmpp.xmlstream.register_stanza_plugin(
        slixmpp.plugins.xep_0049.stanza.PrivateXML, Opinion, iterable=True)
    opinion = Opinion()
    opinion["of"] = "balconies"
    await people.juliet_desk["xep_0049"].store(opinion, timeout=TIMEOUT_S)
    found = await people.juliet_phone["xep_0049"].retrieve("opinion", timeout=TIMEOUT_S)
    assert found["private"]["opinion"]["of"] == "balconies", found


async def a_contact_is_seen_to_leave(people):
    await people.take_away("romeo_desk", "romeo_phone")
    for client in (people.juliet_desk, people.juliet_phone):
        await client.expect_presence("unavailable", "romeo@localhost/desk")
        await client.expect_presence("unavailable", "romeo@localhost/phone")
    last = await people.juliet_desk["xep_0012"].get_last_activity("romeo@localhost", local=False,
                                                                  timeout=TIMEOUT_S)
    assert 0 <= last["last_activity"]["seconds"] < 60, last


async def messages_to_an_absent_account_wait_in_order(people):
    for number in range(3):
        people.juliet_desk.send_message("romeo@localhost", f"waiting {number}", mtype="chat")
    await people.juliet_desk["xep_0199"].ping("localhost", timeout=TIMEOUT_S)
    await people.bring("romeo_desk")
    bodies = []
    for number in range(3):
        message = await people.romeo_desk.expect("a delayed message", lambda stanza: (
            isinstance(stanza, slixmpp.Message) and stanza["delay"]["stamp"]))
        bodies.append(message["body"])
    assert bodies == [f"waiting {number}" for number in range(3)], bodies


async def everything_is_there_after_a_restart(people):
    await people.take_away("romeo_desk", "juliet_desk", "juliet_phone")
    people.demo.restart()
    await people.bring("juliet_desk")
    items = await people.juliet_desk.items()
    contact = items[slixmpp.JID("romeo@localhost")]
    assert (contact["name"], contact["subscription"]) == ("Romeo", "both"), contact
    await people.bring("romeo_phone", is_direct=True)
    await people.juliet_desk.expect_presence("available", "romeo@localhost/phone")


async def a_removed_contact_is_gone_on_both_sides(people):
    people.juliet_desk.del_roster_item("romeo@localhost")
    await people.juliet_desk.expect_push("romeo@localhost", subscription="remove")
    await people.romeo_phone.expect_presence("unsubscribed", "juliet@localhost")
    await people.romeo_phone.expect_push("juliet@localhost", subscription="none")
    assert not await people.juliet_desk.items()


class Command:
    """One command of the server from its execution to its end, by slixmpp's plugin."""

    def __init__(self, client, node):
        self.plugin = client["xep_0050"]
        self.node = node
        self.answers = asyncio.Queue()
        self.session = {"next": self.note, "error": self.note}

    def note(self, iq, session):
        self.session = session
        self.answers.put_nowait(iq)

    async def answer(self):
        return await asyncio.wait_for(self.answers.get(), TIMEOUT_S)

    async def execute(self):
        self.plugin.start_command("localhost", self.node, self.session)
        return await self.answer()

    async def fill_in(self, act, **values):
        form = (await self.execute())["command"]["form"]
        form["type"] = "submit"
        for name, value in values.items():
            form.get_fields()[name]["value"] = value
        self.session["payload"] = form
        act(self.session)
        return await self.answer()


ADMIN = "http://jabber.org/protocol/admin#"


async def an_administrator_finds_commands_that_others_do_not_have(people):
    found = await people.juliet_desk["xep_0050"].get_commands("localhost", timeout=TIMEOUT_S)
    nodes = {item[1] for item in found["disco_items"]["items"]}
    assert {ADMIN + "add-user", ADMIN + "announce", "archive purge"} <= nodes, nodes
    found = await people.romeo_phone["xep_0050"].get_commands("localhost", timeout=TIMEOUT_S)
    assert not found["disco_items"]["items"], found
    refused = await Command(people.romeo_phone, ADMIN + "add-user").execute()
    assert refused["error"]["condition"] == "forbidden", refused


async def an_administrator_makes_a_user_and_deletes_him(people):
    client = people.juliet_desk
    answer = await Command(client, ADMIN + "add-user").fill_in(
        client["xep_0050"].complete_command, accountjid="tybalt@localhost", password="ratcatcher")
    assert answer["command"]["status"] == "completed", answer
    tybalt = people.make("tybalt_street", "ratcatcher")
    assert await tybalt.enter() == "session"
    answer = await Command(client, ADMIN + "delete-user").fill_in(
        client["xep_0050"].complete_command, accountjids=["tybalt@localhost"])
    assert answer["command"]["status"] == "completed", answer
    await tybalt.leave()
    tybalt = people.make("tybalt_street", "ratcatcher")
    assert await tybalt.enter() == "refused"
    await tybalt.leave()


async def an_administrator_sees_who_is_there(people):
    answer = await Command(people.juliet_desk, "session list").execute()
    jids = {item["jid"] for item in answer["command"]["form"]["items"]}
    assert "romeo@localhost/phone" in jids, jids


async def what_cannot_be_undone_is_asked_twice(people):
    client = people.juliet_desk
    purge = Command(client, "archive purge")
    answer = await purge.fill_in(client["xep_0050"].continue_command,
                                 accountjid="juliet@localhost", all=True)
    assert answer["command"]["status"] == "executing", answer
    assert "complete" in answer["command"]["actions"], answer
    purge.session["payload"] = None
    client["xep_0050"].complete_command(purge.session)
    assert (await purge.answer())["command"]["status"] == "completed"


async def an_announcement_is_heard(people):
    client = people.juliet_desk
    await Command(client, ADMIN + "announce").fill_in(
        client["xep_0050"].complete_command, announcement="All are punish'd.")
    await people.romeo_phone.expect_message("All are punish'd.")
