# with_aioxmpp.py - two people with clients made of aioxmpp, on a network that breaks
# SPDX-License-Identifier: MIT

import logging
import warnings
from datetime import timedelta

import aioxmpp
import aioxmpp.bookmarks
import aioxmpp.connector
import aioxmpp.ibr
import aioxmpp.misc
import aioxmpp.vcard
import aioxmpp.version
from aioxmpp import JID, xso
from aioxmpp.rsm.xso import ResultSetMetadata

from arrivals import Arrivals
from people import gathered
from wire import Wire

NS_CSI = "urn:xmpp:csi:0"
NS_MAM = "urn:xmpp:mam:2"
ROMEO = JID.fromstr("romeo@localhost")
JULIET = JID.fromstr("juliet@localhost")
SERVER = JID.fromstr("localhost")


# What aioxmpp does not know of yet.

class Inactive(xso.XSO):
    TAG = (NS_CSI, "inactive")


class Active(xso.XSO):
    TAG = (NS_CSI, "active")


@aioxmpp.IQ.as_payload_class
class ArchiveQuery(xso.XSO):
    TAG = (NS_MAM, "query")
    page = xso.Child([ResultSetMetadata])


@aioxmpp.IQ.as_payload_class
class ArchiveEnd(xso.XSO):
    TAG = (NS_MAM, "fin")
    is_complete = xso.Attr("complete", type_=xso.Bool(), default=False)
    page = xso.Child([ResultSetMetadata])


class ArchiveResult(xso.XSO):
    TAG = (NS_MAM, "result")
    id_ = xso.Attr("id")
    forwarded = xso.Child([aioxmpp.misc.Forwarded])


aioxmpp.Message.archive_result = xso.Child([ArchiveResult])


def body_of(item):
    return item.body.any() if isinstance(item, aioxmpp.Message) and item.body else None


class Client:
    """One device, with a wire of its own to the server."""

    SERVICES = {
        "roster": aioxmpp.RosterClient, "presence": aioxmpp.PresenceClient,
        "carbons": aioxmpp.CarbonsClient, "blocking": aioxmpp.BlockingClient,
        "vcard": aioxmpp.vcard.VCardService, "bookmarks": aioxmpp.BookmarkClient,
        "pings": aioxmpp.PingService, "disco": aioxmpp.DiscoClient,
        "caps": aioxmpp.EntityCapsService, "registration": aioxmpp.ibr.RegistrationService,
    }

    def __init__(self, name, password, demo):
        user, resource = name.split("_")
        self.name = name
        self.wire = Wire()
        self.arrivals = Arrivals(name)
        self.demo = demo
        self.inner = aioxmpp.PresenceManagedClient(
            JID(user, "localhost", resource),
            aioxmpp.make_security_layer(password, ssl_context_factory=self.trust))
        self.inner.backoff_start = timedelta(milliseconds=50)
        for service, kind in self.SERVICES.items():
            setattr(self, service, self.inner.summon(kind))
        self.listen()

    def trust(self):
        context = aioxmpp.security_layer.default_ssl_context()
        context.load_verify_locations(str(self.demo.certificate()))
        return context

    def listen(self):
        note = self.arrivals.note
        self.inner.stream.service_inbound_message_filter.register(note, 0)
        self.inner.stream.service_inbound_presence_filter.register(note, 0)
        for signals, names in (
                (self.inner, ("on_failure", "on_stopped", "on_stream_established",
                              "on_stream_suspended", "on_stream_resumed")),
                (self.roster, ("on_entry_added", "on_entry_removed",
                               "on_entry_subscription_state_changed")),
                (self.blocking, ("on_jids_blocked", "on_jids_unblocked"))):
            for name in names:
                getattr(signals, name).connect(
                    lambda *about, name=name: note((name, *about)) and None)

    @property
    def jid(self):
        return self.inner.local_jid

    async def enter(self, is_direct=False):
        """"session", or why there is none."""
        port = await self.wire.open(self.demo.ports["direct" if is_direct else "starttls"])
        connector = (aioxmpp.connector.XMPPOverTLSConnector if is_direct else
                     aioxmpp.connector.STARTTLSConnector)
        self.inner.override_peer = [("127.0.0.1", port, connector())]
        self.be()
        outcome = await self.expect_signal("on_stream_established", "on_failure")
        return "session" if outcome[0] == "on_stream_established" else outcome[1]

    async def come_online(self, is_direct=False):
        assert await self.enter(is_direct) == "session", f"{self.name} cannot log in"
        await self.expect_presence(self.jid)

    async def leave(self):
        if self.inner.running:
            self.inner.presence = aioxmpp.PresenceState(False)
            await self.expect_signal("on_stopped", "on_failure")
        self.wire.close()

    def be(self, show=aioxmpp.PresenceShow.NONE):
        self.inner.presence = aioxmpp.PresenceState(True, show)

    def say(self, to, body):
        message = aioxmpp.Message(type_=aioxmpp.MessageType.CHAT, to=to)
        message.body[None] = body
        self.inner.enqueue(message)

    def say_nonza(self, nonza):
        # aioxmpp sends only stanzas by itself.
        self.inner.stream._xmlstream.send_xso(nonza)

    async def catch_up(self):
        """What the server has sent until now has arrived."""
        await self.pings.ping(SERVER)

    def expect_signal(self, *names):
        return self.arrivals.expect(" or ".join(names), lambda item: (
            isinstance(item, tuple) and item[0] in names))

    def expect_presence(self, sender, kind=aioxmpp.PresenceType.AVAILABLE, show=None):
        return self.arrivals.expect(f"presence {kind} {show} from {sender}", lambda item: (
            isinstance(item, aioxmpp.Presence) and item.type_ == kind and
            sender in (item.from_, item.from_.bare()) and show in (None, item.show)))

    def expect_message(self, body):
        return self.arrivals.expect(f"the message {body!r}", lambda item: body_of(item) == body)

    def expect_carbon(self, kind, body):
        """What this device hears of what another one sent or received."""
        return self.arrivals.expect(f"a copy of {body!r}", lambda item: (
            isinstance(item, aioxmpp.Message) and
            (carbon := getattr(item, f"xep0280_{kind}")) and body_of(carbon.stanza) == body))

    async def expect_state(self, contact, subscription):
        """The roster says so, now or after a push."""
        while self.roster.items[contact].subscription != subscription:
            await self.expect_signal("on_entry_subscription_state_changed")

    def has_seen(self, test):
        return any(test(item) for item in self.arrivals.items)


def people(demo):
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore", DeprecationWarning)     # aioxmpp is older than Python 3.11
    demo.log_everything()
    return gathered(demo, lambda name, password: Client(name, password, demo))


async def logs_in_over_STARTTLS_with_SCRAM(people):
    await people.bring("juliet_desk")
    assert "SCRAM-SHA-256" in people.demo.logged("juliet@localhost: logged in"), \
        people.demo.log_tail()


async def logs_in_over_direct_TLS(people):
    await people.bring("juliet_phone", is_direct=True)
    await people.bring("romeo_desk", is_direct=True)
    await people.juliet_desk.expect_presence(people.juliet_phone.jid)


async def a_wrong_password_is_refused(people):
    stranger = people.make("juliet_stranger", "wrong")
    outcome = await stranger.enter()
    assert isinstance(outcome, aioxmpp.sasl.aiosasl.AuthenticationFailure), outcome
    await stranger.leave()


async def a_new_contact_is_pushed_to_both_devices(people):
    await people.juliet_desk.roster.set_entry(ROMEO, name="Romeo", add_to_groups={"Montague"})
    for client in (people.juliet_desk, people.juliet_phone):
        _, item = await client.expect_signal("on_entry_added")
        assert (item.jid, item.name, item.groups) == (ROMEO, "Romeo", {"Montague"}), item


async def a_request_and_an_approval_in_each_direction_make_it_mutual(people):
    people.juliet_desk.roster.subscribe(ROMEO)
    await people.romeo_desk.expect_presence(JULIET, aioxmpp.PresenceType.SUBSCRIBE)
    people.romeo_desk.roster.approve(JULIET)
    for client in (people.juliet_desk, people.juliet_phone):
        await client.expect_presence(people.romeo_desk.jid)
        await client.expect_state(ROMEO, "to")
    people.romeo_desk.roster.subscribe(JULIET)
    await people.juliet_phone.expect_presence(ROMEO, aioxmpp.PresenceType.SUBSCRIBE)
    people.juliet_phone.roster.approve(ROMEO)
    await people.romeo_desk.expect_presence(people.juliet_desk.jid)
    await people.romeo_desk.expect_state(JULIET, "both")
    await people.juliet_desk.expect_state(ROMEO, "both")


async def a_change_of_presence_reaches_the_contact(people):
    people.romeo_desk.be(aioxmpp.PresenceShow.AWAY)
    for client in (people.juliet_desk, people.juliet_phone):
        await client.expect_presence(people.romeo_desk.jid, show=aioxmpp.PresenceShow.AWAY)


async def carbons_show_each_device_what_the_other_one_says_and_hears(people):
    for client in (people.juliet_desk, people.juliet_phone):
        await client.carbons.enable()
    people.juliet_desk.say(ROMEO, "wherefore art thou")
    message = await people.romeo_desk.expect_message("wherefore art thou")
    await people.juliet_phone.expect_carbon("sent", "wherefore art thou")
    people.romeo_desk.say(message.from_, "Shall I hear more?")
    await people.juliet_desk.expect_message("Shall I hear more?")
    await people.juliet_phone.expect_carbon("received", "Shall I hear more?")


async def an_archive_is_read_page_by_page(people):
    client = people.juliet_phone
    people.romeo_desk.say(JULIET, "or shall I speak at this?")
    await client.expect_message("or shall I speak at this?")
    pages, bodies = [], []
    page = ResultSetMetadata.limit(2)
    while not pages or not pages[-1].is_complete:
        query = ArchiveQuery()
        query.page = page
        pages.append(await client.inner.send(
            aioxmpp.IQ(type_=aioxmpp.IQType.SET, payload=query)))
        for _ in range(2 if len(pages) == 1 else 1):
            result = await client.arrivals.expect("a message of the archive", lambda item: (
                isinstance(item, aioxmpp.Message) and item.archive_result))
            bodies.append(body_of(result.archive_result.forwarded.stanza))
        page = pages[-1].page.next_page(2)
    assert bodies == ["wherefore art thou", "Shall I hear more?", "or shall I speak at this?"], \
        bodies
    assert len(pages) == 2 and pages[-1].page.last.value == result.archive_result.id_, pages


async def a_broken_stream_is_resumed_and_nothing_is_lost_or_doubled(people):
    client = people.juliet_desk
    people.romeo_desk.say(client.jid, "before the storm")
    await client.expect_message("before the storm")
    bound = client.jid
    client.wire.stall()
    client.say(ROMEO, "out of the storm")
    people.romeo_desk.say(bound, "in the storm")
    await people.romeo_desk.catch_up()
    client.wire.cut()
    await client.expect_signal("on_stream_suspended")
    client.wire.mend()
    await client.expect_signal("on_stream_resumed")
    assert client.jid == bound
    await client.expect_message("in the storm")
    await people.romeo_desk.expect_message("out of the storm")
    for one in (client, people.romeo_desk):
        await one.catch_up()
        assert not one.has_seen(lambda item: "storm" in (body_of(item) or "")), "a message twice"
    assert "resumed" in people.demo.logged(f"session {bound}: "), people.demo.log_tail()
    assert not people.romeo_desk.has_seen(lambda item: (
        isinstance(item, aioxmpp.Presence) and item.type_ == aioxmpp.PresenceType.UNAVAILABLE)), \
        "her session ended"


async def who_is_blocked_cannot_write_until_unblocked(people):
    await people.juliet_desk.blocking.block_jids([ROMEO])
    for client in (people.juliet_desk, people.juliet_phone):
        await client.expect_signal("on_jids_blocked")
        assert client.blocking.blocklist == {ROMEO}
    people.romeo_desk.say(JULIET, "the orchard walls are high")
    await people.romeo_desk.arrivals.expect("that it is refused", lambda item: (
        isinstance(item, aioxmpp.Message) and item.type_ == aioxmpp.MessageType.ERROR and
        item.error.condition == aioxmpp.ErrorCondition.SERVICE_UNAVAILABLE))
    await people.juliet_phone.blocking.unblock_jids([ROMEO])
    await people.juliet_desk.expect_signal("on_jids_unblocked")
    people.romeo_desk.say(people.juliet_desk.jid, "with love's light wings")
    await people.juliet_desk.expect_message("with love's light wings")
    assert not people.juliet_desk.has_seen(
        lambda item: body_of(item) == "the orchard walls are high")


async def a_vcard_is_seen_by_others(people):
    card = await people.romeo_desk.vcard.get_vcard()
    card.set_photo_data("image/png", b"abc")
    await people.romeo_desk.vcard.set_vcard(card)
    seen = await people.juliet_desk.vcard.get_vcard(ROMEO)
    assert (seen.get_photo_mime_type(), seen.get_photo_data()) == ("image/png", b"abc")


async def bookmarks_of_one_device_are_those_of_the_other(people):
    room = aioxmpp.bookmarks.Conference("Verona", JID.fromstr("verona@rooms.localhost"),
                                            autojoin=True, nick="Juliet")
    await people.juliet_desk.bookmarks.add_bookmark(room)
    assert await people.juliet_phone.bookmarks.get_bookmarks() == [room]


async def pings_and_questions_for_the_version_are_answered(people):
    await people.juliet_desk.pings.ping(SERVER)
    await people.juliet_desk.pings.ping(people.romeo_desk.jid)
    version = await aioxmpp.version.query_version(people.juliet_desk.inner, SERVER)
    assert version.name and version.version, version


async def a_contacts_capabilities_are_known_from_its_presence(people):
    people.romeo_desk.be()
    presence = await people.juliet_desk.expect_presence(people.romeo_desk.jid,
                                                        show=aioxmpp.PresenceShow.NONE)
    assert presence.xep0115_caps, presence
    info = await people.juliet_desk.disco.query_info(people.romeo_desk.jid)
    assert "urn:xmpp:ping" in info.features, info.features
    info = await people.juliet_desk.disco.query_info(SERVER)
    assert "urn:xmpp:blocking" in info.features, info.features


async def an_inactive_client_hears_of_presence_when_it_is_active_again(people):
    client = people.juliet_phone
    client.say_nonza(Inactive())
    await client.catch_up()
    client.arrivals.items.clear()
    for show in (aioxmpp.PresenceShow.AWAY, aioxmpp.PresenceShow.DND, aioxmpp.PresenceShow.CHAT):
        people.romeo_desk.be(show)
    await people.juliet_desk.expect_presence(people.romeo_desk.jid,
                                             show=aioxmpp.PresenceShow.CHAT)
    client.say_nonza(Active())
    await client.expect_presence(people.romeo_desk.jid, show=aioxmpp.PresenceShow.CHAT)
    assert not client.has_seen(lambda item: isinstance(item, aioxmpp.Presence)), \
        client.arrivals.items


async def messages_to_an_absent_account_wait_in_order(people):
    await people.take_away("romeo_desk")
    await people.juliet_desk.expect_presence(ROMEO, aioxmpp.PresenceType.UNAVAILABLE)
    for number in range(3):
        people.juliet_desk.say(ROMEO, f"waiting {number}")
    await people.juliet_desk.catch_up()
    await people.bring("romeo_phone")
    bodies = []
    for number in range(3):
        message = await people.romeo_phone.arrivals.expect("a delayed message", lambda item: (
            isinstance(item, aioxmpp.Message) and item.xep0203_delay))
        bodies.append(body_of(message))
    assert bodies == [f"waiting {number}" for number in range(3)], bodies


async def a_new_password_is_the_one_that_counts(people):
    await people.juliet_phone.registration.change_pass("balcony")
    old = people.make("juliet_stranger")
    assert isinstance(await old.enter(), aioxmpp.sasl.aiosasl.AuthenticationFailure)
    await old.leave()
    people.demo.accounts["juliet"] = "balcony"
    await people.bring("juliet_tablet", is_direct=True)
